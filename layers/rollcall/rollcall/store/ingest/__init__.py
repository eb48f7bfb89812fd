"""Procedures of ingest, called."""
