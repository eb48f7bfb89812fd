"""Pure rules: no IO, no clock."""
