"""Value rules, by what they find; `catalogue` has them all."""
