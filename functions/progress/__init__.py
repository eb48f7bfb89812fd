"""The function that takes progress events."""
