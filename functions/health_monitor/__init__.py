"""Measures health and pushes what changed."""
