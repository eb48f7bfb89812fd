"""Procedures of rollups, called."""
