"""The function that verifies bearer tokens."""
