"""Text that was compressed by lz-string's compressToBase64, which older browser clients send as `lz64`.

Why not a package: the one on PyPI unfolds without a limit.
"""

from rollcall.errors import InvalidBody, TooLarge

ALPHABET = {character: format(value, "06b") for value, character in enumerate(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
)} | {"=": ""}  # fmt: skip
LITERAL_BITS = {0: 8, 1: 16}  # the codes that announce a character of so many bits
END = 2


class _Bits:
    """The codes in a text: each character holds six bits, and a code's lowest bit comes first."""

    def __init__(self, text: str) -> None:
        try:
            self._bits = "".join(ALPHABET[character] for character in text)
        except KeyError:
            raise InvalidBody("The body is not lz-string in base64.") from None
        self._at = 0

    def take(self, count: int) -> int:
        """Return the next code of so many bits."""
        found = self._bits[self._at : self._at + count]
        if len(found) < count:
            raise InvalidBody("The lz-string body is cut off.")
        self._at += count
        return int(found[::-1], 2)


def decompress_base64(text: str, characters_max: int) -> str:
    """Return the text that was compressed; raises InvalidBody, and TooLarge beyond so many characters.

    What is bounded is the result, and so is the dictionary: an entry is no longer than what was unfolded before it.
    """
    bits = _Bits(text)
    known: dict[int, str] = {}
    unfolded: list[str] = []
    length, width, before = 0, 2, ""
    while (code := bits.take(width)) != END:
        if code in LITERAL_BITS:
            character = chr(bits.take(LITERAL_BITS[code]))
            code = 3 + len(known)
            known[code] = character
        entry = known.get(code) or (before + before[0] if before and code == 3 + len(known) else "")
        if not entry:
            raise InvalidBody("The body is not lz-string.")
        unfolded.append(entry)
        length += len(entry)
        if length > characters_max:
            raise TooLarge(f"A body has at most {characters_max} bytes after decompression.")
        if before:
            known[3 + len(known)] = before + entry[0]
        before = entry
        width = _width(len(known))
    return "".join(unfolded).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _width(entries: int) -> int:
    """Return how many bits the next code has, once there are so many entries."""
    return max(3, (3 + entries).bit_length())
