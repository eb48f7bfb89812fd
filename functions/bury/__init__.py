"""Consumer of the dead-letter queues."""
