"""HTTP routes of scrubbing."""
