"""What is done for ingest; IO comes in as arguments."""
