"""Calls the procedures of rollups."""
