"""Builds the parts of operations."""
