"""The function that answers administrators' routes."""
