"""Constructs flows with their IO, once for each execution environment."""
