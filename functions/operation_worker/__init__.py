"""The function that works on operations."""
