"""The function that drops expired days."""
