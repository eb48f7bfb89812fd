"""The function that records dead letters."""
