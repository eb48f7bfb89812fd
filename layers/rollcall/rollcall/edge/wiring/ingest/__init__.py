"""Builds the parts of ingest."""
