"""Scrubbing: personal values are removed before an event is stored anywhere. Pure: no IO, no clock, no settings."""
