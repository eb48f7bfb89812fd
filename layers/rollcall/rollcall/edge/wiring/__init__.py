"""Constructs IO and flows, once for each execution environment."""
