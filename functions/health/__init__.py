"""The function that answers health routes."""
