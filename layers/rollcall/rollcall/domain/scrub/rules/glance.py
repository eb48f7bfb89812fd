"""A text at a glance: its shape, which tells for next to nothing which rules are worth asking, and where to look."""

LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
DIGITS = b"0123456789"
BETWEEN = bytes(set(range(256)) - set(LETTERS + DIGITS))
UNMARKED = LETTERS + DIGITS + b" "
SHAPE = bytes.maketrans(LETTERS + DIGITS, b"a" * len(LETTERS) + b"0" * len(DIGITS))
TOKEN = bytes.maketrans(LETTERS + DIGITS + b"_-", b"a" * (len(LETTERS + DIGITS) + 2))
WORDS = bytes.maketrans(BETWEEN + DIGITS, b" " * len(BETWEEN + DIGITS))
LONG_TOKEN = b"a" * 15
SOME, MANY = 1, 2
SHORT_NUMBER = b"0" * 7  # no number that tells a person apart has fewer digits


class Glance:
    """What can be seen of a text without reading it.

    `shape` has `a` for a letter, `0` for a digit, `?` for what is not ASCII, and any other character as it is; `packed`
    has the letters and digits of it alone, `marks` what is neither nor a space. `digits` tells how many there are: 0,
    SOME, or as MANY as a number has. To translate bytes is a hundred times faster than to search for a pattern.
    """

    __slots__ = ("_plain", "_words", "digits", "lower", "marks", "packed", "shape", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.lower = text.lower()
        self._plain = plain = text.encode("ascii", "replace")
        self._words: frozenset[bytes] | None = None
        self.shape = plain.translate(SHAPE)
        self.packed = packed = plain.translate(SHAPE, BETWEEN)
        self.marks = plain.translate(None, UNMARKED)
        self.digits = MANY if SHORT_NUMBER in packed else SOME if b"0" in packed else 0

    def words(self) -> frozenset[bytes]:
        """Return every run of ASCII letters in the text, in lower case."""
        if self._words is None:
            self._words = frozenset(self._plain.translate(WORDS).lower().split())
        return self._words

    def has_long_token(self) -> bool:
        """Tell whether fifteen characters stand together of which keys, codes and tokens are made."""
        return LONG_TOKEN in self._plain.translate(TOKEN)
