"""The sections of the bench, one module each."""
