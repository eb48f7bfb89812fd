"""Sends to sockets."""
