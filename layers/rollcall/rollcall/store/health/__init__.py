"""Procedures of health, called."""
