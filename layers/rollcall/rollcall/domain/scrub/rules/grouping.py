"""Groupings: the separators between groups of a number, for every rule for grouped numbers."""

# From one to three signs: a stop, a doubled dash, a bar between blanks.
ANY_GAP = r"[\W_]{1,3}+"
# A comma or semicolon followed by a blank separates items of a list: "512, 640, 1024" is not one number.
GAP = r"(?![,;]\s)" + ANY_GAP
# Separators of thousands are left out: 130,692,544 and 130.692.544 are amounts.
NO_THOUSANDS = r"(?![,.'][0-9])" + GAP
# For two groups only: not the signs of ratios, ranges and sizes.
PAIR_GAP = r"[ ._~*-]{1,3}+"
MAYBE_GAP = r"[ ._~*-]{0,3}+"
SHAPE_GAP = r"[^0a]{1,3}"
SHAPE_MAYBE_GAP = r"[^0a]{0,3}"
