"""The function that answers socket messages."""
