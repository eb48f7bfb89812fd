"""Calls the procedures of dead letters."""
