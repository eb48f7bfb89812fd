"""The function that serves the operations console."""
