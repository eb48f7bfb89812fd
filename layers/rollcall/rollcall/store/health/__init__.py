"""Calls the procedures of health."""
