"""Wire models of dead letters."""
