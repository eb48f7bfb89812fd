"""Rules of privacy: no IO, no clock."""
