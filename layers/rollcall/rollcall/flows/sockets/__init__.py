"""The flows of sockets. IO is passed in as arguments."""
