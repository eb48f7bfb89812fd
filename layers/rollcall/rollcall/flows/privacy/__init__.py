"""The flows of privacy. IO is passed in as arguments."""
