"""The flows of ingest. IO is passed in as arguments."""
