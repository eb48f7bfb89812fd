"""Builds the parts of sockets."""
