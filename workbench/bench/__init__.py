"""The load bench: runs the real handler as Lambda does, and compares it with baselines."""
