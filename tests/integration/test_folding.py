"""Folding: every stored event is in the rollups once, and in its own hour."""
