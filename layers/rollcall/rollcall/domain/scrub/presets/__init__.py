"""Policy presets: safe properties of the events of known learning systems. Organisations can turn them on."""
