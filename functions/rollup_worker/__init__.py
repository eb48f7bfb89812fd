"""The function that folds events into rollups."""
