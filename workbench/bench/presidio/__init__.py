"""Comparison of scrubbing with Presidio, which runs in its own environment."""
