"""The flows of jobs. IO is passed in as arguments."""
