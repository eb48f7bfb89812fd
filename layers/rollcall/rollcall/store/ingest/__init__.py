"""Calls the procedures of ingest."""
