"""Rules of reports: no IO, no clock."""
