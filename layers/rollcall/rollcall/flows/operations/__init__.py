"""The flows of operations. IO is passed in as arguments."""
