"""Rules of ingest: no IO, no clock."""
