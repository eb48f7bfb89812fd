"""Speaks with sockets."""
