"""Administrators' routes."""
