"""Wire models of ingest."""
