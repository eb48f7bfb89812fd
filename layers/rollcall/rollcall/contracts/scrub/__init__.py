"""Wire models of scrubbing."""
