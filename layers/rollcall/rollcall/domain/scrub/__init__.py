"""Scrubbing: what is personal is taken out before anything keeps an event. Pure: no IO, no clock, no settings."""
