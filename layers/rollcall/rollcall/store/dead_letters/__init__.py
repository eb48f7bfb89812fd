"""Procedures of dead letters, called."""
