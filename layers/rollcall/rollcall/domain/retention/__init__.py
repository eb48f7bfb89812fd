"""Rules of retention: no IO, no clock."""
