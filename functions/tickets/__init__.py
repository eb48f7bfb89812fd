"""Tickets for sockets."""
