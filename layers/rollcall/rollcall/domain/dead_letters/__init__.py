"""Rules of dead letters: no IO, no clock."""
