"""Wire models of sockets."""
