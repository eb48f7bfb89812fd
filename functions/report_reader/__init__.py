"""The function that answers reports."""
