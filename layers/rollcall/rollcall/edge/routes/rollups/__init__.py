"""HTTP routes of rollups."""
