"""The only room that speaks to PostgreSQL: one module per family of procedures."""
