"""Wire models of health."""
