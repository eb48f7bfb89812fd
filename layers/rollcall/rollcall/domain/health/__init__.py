"""Rules of health: no IO, no clock."""
