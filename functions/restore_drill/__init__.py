"""The function that runs the restore drill."""
