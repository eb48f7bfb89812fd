"""Groupings: what may stand between the groups of a number. Every rule for grouped numbers takes it from here."""

# From one to three signs: a stop, a doubled dash, a bar between blanks.
ANY_GAP = r"[\W_]{1,3}+"
# A comma or semicolon with a blank behind it parts the items of a list: "512, 640, 1024" is no number.
GAP = r"(?![,;]\s)" + ANY_GAP
# Signs that part thousands are left out: 130,692,544 and 130.692.544 are amounts.
NO_THOUSANDS = r"(?![,.'][0-9])" + GAP
# Of two groups alone, as ratios, ranges and sizes are.
PAIR_GAP = r"[ ._~*-]{1,3}+"
MAYBE_GAP = r"[ ._~*-]{0,3}+"
SHAPE_GAP = r"[^0a]{1,3}"
SHAPE_MAYBE_GAP = r"[^0a]{0,3}"
