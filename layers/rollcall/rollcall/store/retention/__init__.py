"""Procedures of retention, called."""
