"""The function that practises restoring."""
