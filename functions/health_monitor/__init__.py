"""The function that measures health and pushes changes."""
