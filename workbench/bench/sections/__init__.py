"""The parts of the bench, one module each."""
