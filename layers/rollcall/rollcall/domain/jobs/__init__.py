"""Rules of jobs: no IO, no clock."""
