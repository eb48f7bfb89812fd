"""The only layer that connects to PostgreSQL: one module for each family of procedures."""
