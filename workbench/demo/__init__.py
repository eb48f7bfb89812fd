"""The main job on real data: a slice of OULAD, posted as learners' devices would."""
