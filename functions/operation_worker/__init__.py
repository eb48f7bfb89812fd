"""Consumer of the operations queue."""
