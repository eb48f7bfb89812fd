"""Rollcall: a serverless event backbone for learning and youth platforms."""

VERSION = "0.1.0"
