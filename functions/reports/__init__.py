"""The function that keeps report statistics fresh."""
