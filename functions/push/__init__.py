"""The function that pushes messages to sockets."""
