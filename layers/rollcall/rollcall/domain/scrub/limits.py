"""Limits of scrubbing, on everything that can make an event large."""

DEPTH_MAX = 32  # levels of objects and arrays, those inside JSON strings included
JSON_STRING_DEPTH_MAX = 4  # JSON in a string in JSON in a string ...
KEYS_MAX = 1_000  # of one object
NODES_MAX = 50_000  # values of one document
STRING_MAX = 262_144  # characters of one string; a longer one is removed whole
TEXT_MAX = 1_048_576  # characters of a body that is not JSON, and of all strings of a document together
NAME_MAX = 256  # characters of an event's name or a key
IDENTIFIER_MAX = 1_024  # characters of an identifier
REMARKS_MAX = 100  # different remarks of one document
CANDIDATES_MAX = 2_000  # candidates of one rule in one string; with more, the string is removed whole
COMBINING_MAX = 30  # combining marks in a row, as in the Stream-Safe Text Format (Unicode Standard Annex 15, 13)
CLEAN_MAX = 32_768  # strings remembered as clean, by their hash
CLEAN_CHARACTERS_MAX = 24  # a longer string, such as a time or a UUID, seldom repeats
CLEAN_PATH_MAX = 128  # but a path or URL repeats
DECODINGS_MAX = 3  # a value that is still encoded after so many decodings is removed whole
