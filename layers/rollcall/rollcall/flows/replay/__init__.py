"""The flows of replay. IO is passed in as arguments."""
