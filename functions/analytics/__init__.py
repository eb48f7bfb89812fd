"""The function that takes analytics events."""
