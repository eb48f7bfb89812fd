"""Procedures of jobs, called."""
