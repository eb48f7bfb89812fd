"""The flows of retention. IO is passed in as arguments."""
