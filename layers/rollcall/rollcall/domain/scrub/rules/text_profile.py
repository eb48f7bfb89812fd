"""The profile of a text: its shape shows cheaply which rules to ask, and where to look."""

LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
DIGITS = b"0123456789"
BETWEEN = bytes(set(range(256)) - set(LETTERS + DIGITS))
UNMARKED = LETTERS + DIGITS + b" "
SHAPE = bytes.maketrans(LETTERS + DIGITS, b"a" * len(LETTERS) + b"0" * len(DIGITS))
TOKEN = bytes.maketrans(LETTERS + DIGITS + b"_-", b"a" * (len(LETTERS + DIGITS) + 2))
WORDS = bytes.maketrans(BETWEEN + DIGITS, b" " * len(BETWEEN + DIGITS))
LONG_TOKEN = b"a" * 15  # of what keys, codes and tokens are made
SOME, MANY = 1, 2
SHORT_NUMBER = b"0" * 7  # no number that identifies a person has fewer digits


class TextProfile:
    """What can be seen of a text without reading it.

    `plain` is the text in ASCII, each other character a `?`. `shape` is that with `a` for a letter and `0` for a digit;
    `packed` has the letters and digits of it alone, `marks` what is neither nor a space. `digits` tells how many there
    are: 0, SOME, or as MANY as a number has. To translate bytes is a hundred times faster than to search for a pattern.
    """

    __slots__ = ("_words", "digits", "lower", "marks", "packed", "plain", "shape", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.lower = text.lower()
        self.plain = plain = text.encode("ascii", "replace")
        self._words: frozenset[bytes] | None = None
        self.shape = plain.translate(SHAPE)
        self.packed = packed = plain.translate(SHAPE, BETWEEN)
        self.marks = plain.translate(None, UNMARKED)
        self.digits = MANY if SHORT_NUMBER in packed else SOME if b"0" in packed else 0

    def words(self) -> frozenset[bytes]:
        """Return every run of ASCII letters in the text, in lower case."""
        if self._words is None:
            self._words = frozenset(self.plain.translate(WORDS).lower().split())
        return self._words
