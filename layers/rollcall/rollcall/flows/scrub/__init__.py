"""The flows of scrubbing. IO is passed in as arguments."""
