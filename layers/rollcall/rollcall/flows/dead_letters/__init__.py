"""The flows of dead letters. IO is passed in as arguments."""
