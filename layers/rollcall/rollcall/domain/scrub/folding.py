"""Folding: the plain text that a person would read behind Unicode look-alikes and encodings."""

import re
import unicodedata
from functools import cache
from urllib.parse import unquote

from rollcall.domain.scrub.limits import COMBINING_MAX, TEXT_MAX
from rollcall.errors import ScrubFailed

INVISIBLE = (
    *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), *range(0xFE00, 0xFE10),
    *range(0xE0000, 0xE0080), 0x00AD, 0x034F, 0x061C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180E, 0x3164, 0xFEFF, 0xFFA0,
)  # fmt: skip
DASHES = (*range(0x2010, 0x2016), 0x2043, 0x2212, 0xFE58, 0xFE63, 0xFF0D)
DOTS = (0x3002, 0xFF61, 0x2024, 0x00B7, 0x2027, 0x30FB, 0x06D4, 0x0701)
PLAIN: dict[int, str | None] = {
    **dict.fromkeys(INVISIBLE), **dict.fromkeys(DASHES, "-"), **dict.fromkeys(DOTS, "."),
    0x2044: "/", 0x2215: "/", 0x2236: ":", 0xA789: ":", 0x2032: "'", 0x2033: '"',
}  # fmt: skip
FOREIGN_DIGITS = re.compile(r"(?:(?![0-9])\d)+")
COMBINING_RUN = re.compile(rb"[^\x00]{%d}" % (COMBINING_MAX + 1))
LONG = 64
CONTROLS = {"n": "\n", "r": "\r", "t": "\t"}
LIGATURES = ("\ufdfa", "\ufdfb")  # whole sentences: 18 and 8 characters when unfolded, anything else at most 6
LIGATURES_MAX = 1_000
# HTML's names for signs; its letters with accents hide nothing. A semicolon may be left out, as browsers allow.
SIGNS = {
    "amp": "&", "apos": "'", "ast": "*", "bsol": "\\", "colon": ":", "comma": ",", "commat": "@", "dash": "-",
    "dollar": "$", "emsp": " ", "ensp": " ", "equals": "=", "excl": "!", "frasl": "/", "grave": "`", "gt": ">",
    "hyphen": "-", "lbrace": "{", "lbrack": "[", "lcub": "{", "lowbar": "_", "lpar": "(", "lsqb": "[", "lt": "<",
    "mdash": "-", "middot": ".", "minus": "-", "nbsp": " ", "ndash": "-", "newline": "\n", "num": "#", "percnt": "%",
    "period": ".", "plus": "+", "quest": "?", "quot": '"', "rbrace": "}", "rbrack": "]", "rcub": "}", "rpar": ")",
    "rsqb": "]", "semi": ";", "shy": "", "sol": "/", "tab": "\t", "thinsp": " ", "underbar": "_", "verbar": "|",
    "vert": "|", "zwj": "", "zwnj": "",
}  # fmt: skip
ENTITY_NAME = rf"&(?i:{'|'.join(sorted(SIGNS))});"
ESCAPED = re.compile(rf"%[0-9A-Fa-f]{{2}}|&#[xX]?[0-9A-Fa-f]{{1,8}};?|{ENTITY_NAME}|\\u[0-9A-Fa-f]{{4}}|\\[nrt/]")
ENTITY = re.compile(
    rf"&#(?:[xX]([0-9A-Fa-f]{{1,8}})|([0-9]{{1,8}}));?|({ENTITY_NAME})|\\u([0-9A-Fa-f]{{4}})|\\([nrt/])"
)


def fold(text: str) -> str:
    """Return the text with full-width letters, foreign digits and look-alike dots made plain, invisible ones left out.

    Compatibility composition (NFKC, Unicode Standard Annex 15).

    Raises:
        ScrubFailed: it has runs of combining marks that no language has and that take quadratic time to order, or it
            unfolds into far more than it was.

    """
    if text.isascii():
        return text
    if len(text) > LONG and COMBINING_RUN.search(bytes(map(unicodedata.combining, text))):
        raise ScrubFailed("A text has too many combining marks in a row.")
    if sum(map(text.count, LIGATURES)) > LIGATURES_MAX:
        raise ScrubFailed("A text unfolds into too much.")
    folded = unicodedata.normalize("NFKC", text.translate(PLAIN)).translate(PLAIN)
    if len(folded) > 2 * TEXT_MAX:
        raise ScrubFailed("A text unfolds into too much.")
    return FOREIGN_DIGITS.sub(_digits, folded)


@cache
def _digit(character: str) -> str:
    return str(unicodedata.decimal(character))


def _digits(match: re.Match[str]) -> str:
    return "".join(map(_digit, match[0]))


def is_escaped(text: str) -> bool:
    """Return whether the text has characters in the encodings of URLs, HTML or JSON."""
    return ("%" in text or "&" in text or "\\" in text) and ESCAPED.search(text) is not None


def unescape(text: str) -> str:
    """Return the text with those characters decoded, once."""
    return ENTITY.sub(_character, unquote(text))


def _character(match: re.Match[str]) -> str:
    hexadecimal, decimal, name, unit, control = match.groups()
    if control:
        return CONTROLS.get(control, control)
    if name:
        return SIGNS[name[1:-1].lower()]
    code = int(hexadecimal or unit, 16) if hexadecimal or unit else int(decimal)
    return chr(code) if code <= 0x10FFFF else "\ufffd"  # noqa: PLR2004
