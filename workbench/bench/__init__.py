"""The load bench: the real handler, driven the way Lambda drives it, side by side with its baselines."""
