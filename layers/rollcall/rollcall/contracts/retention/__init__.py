"""Wire models of retention."""
