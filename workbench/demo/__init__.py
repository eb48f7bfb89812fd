"""The demo on real data: it sends a slice of OULAD, as learners' devices would."""
