"""Calls the procedures of retention."""
