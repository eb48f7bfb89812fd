"""CSV that a spreadsheet may open: quoted per RFC 4180, and no text that it would take for a formula.

Source of the first characters: OWASP, "CSV Injection". Every CSV that Rollcall writes is written here.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any
from unicodedata import category, normalize

GUARD = "'"
BYTE_ORDER_MARK = "\ufeff"
END_OF_LINE = "\r\n"

# What a formula begins with, once a character is brought to its compatible form (full-width, small, raised, lowered);
# besides these, every dash.
OPENERS = frozenset("=+-@\u2212")
DASH = "Pd"
# Set to another separator, a spreadsheet finds further cells in a text. Whatever the separator, each may be a formula.
SEPARATORS = ",;|\t\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029\uff0c\uff1b\uff5c\u037e\ufe10\ufe14\ufe50\ufe54"
# A spreadsheet may strip these before it looks: quotes, and by category what is not seen; and fillers that are letters
# or marks by theirs. No separator is among them, so that each character is looked at once.
QUOTE = '"'
UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zs", "Zl", "Zp"})
FILLERS = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)
_CELL = re.compile(rf"(?:\A|(?<=[{SEPARATORS}]))(?![A-Za-z0-9])(?=[^{SEPARATORS}])")
_CONTROL_FIRST = re.compile(r"\A[\t\r\n]")
_QUOTED = re.compile(rf"[\"{SEPARATORS}]|\A\s|\s\Z")


def write_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, for_excel: bool = False) -> str:
    """Return a header line and a line a row, each ended by CR LF. None is empty; a text may get a `'` put in.

    `for_excel` puts a byte order mark first: without it, Excel reads UTF-8 as the code page of its machine.
    """
    lines = [",".join(map(_quoted, columns)), *(",".join(map(_cell, row)) for row in rows)]
    return (BYTE_ORDER_MARK if for_excel else "") + "".join(line + END_OF_LINE for line in lines)


def guard(text: str) -> str:
    """Return a text with a `'` before what a spreadsheet would take for a formula, first or after a separator."""
    guarded = _CELL.sub(_guard_of, text)
    return GUARD + guarded if _CONTROL_FIRST.match(guarded) else guarded


def _guard_of(cell: re.Match[str]) -> str:
    """Return the guard of the cell that begins here, where it needs one."""
    text = cell.string
    for place in range(cell.start(), len(text)):
        character = text[place]
        if character in SEPARATORS:
            return ""
        if character != QUOTE and category(character) not in UNSEEN and not FILLERS.match(character):
            return GUARD if _opens(character) else ""
    return ""


def _opens(character: str) -> bool:
    """Return whether a formula may begin with this character."""
    return category(character) == DASH or normalize("NFKC", character)[0] in OPENERS


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        return str(value)
    guarded = guard(value)
    return _quoted(guarded, must=guarded != value)


def _quoted(text: str, *, must: bool = False) -> str:
    return '"' + text.replace('"', '""') + '"' if must or _QUOTED.search(text) else text
