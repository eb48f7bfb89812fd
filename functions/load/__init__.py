"""The function that stores queued batches."""
