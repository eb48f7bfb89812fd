"""Lambda handlers: parse, call a flow, answer."""
