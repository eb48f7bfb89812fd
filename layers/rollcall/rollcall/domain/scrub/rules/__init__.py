"""Value rules, by what they find. `families` has all of them."""
