"""Wire models: what crosses HTTP and queues."""
