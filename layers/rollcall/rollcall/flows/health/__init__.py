"""The flows of health. IO is passed in as arguments."""
