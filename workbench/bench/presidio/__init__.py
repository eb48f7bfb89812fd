"""Presidio, which scrubbing is compared with, in an environment of its own."""
