"""Calls the procedures of jobs."""
