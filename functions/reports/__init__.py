"""The function that refreshes report statistics."""
