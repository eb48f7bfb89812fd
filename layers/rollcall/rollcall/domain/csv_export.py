"""CSV that a spreadsheet may open: quoted per RFC 4180, and no text that it would take for a formula.

Source of the first characters: OWASP, "CSV Injection". Every CSV that Rollcall writes is written here.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

GUARD = "'"
BYTE_ORDER_MARK = "\ufeff"
END_OF_LINE = "\r\n"

# = + - @ in all their compatibility forms (full-width, small, raised, lowered), and the minus sign.
OPENERS = "=+-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u207a\u207c\u208a\u208c\ufb29\u2212"
# Set to another separator, a spreadsheet finds further cells in a text. Whatever the separator, each may be a formula.
SEPARATORS = ",;|\t\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029\uff0c\uff1b\uff5c"
# White space, quotes and invisible marks: a spreadsheet strips them before it looks. No separator is among them, so
# that each character is looked at twice at most.
_STRIPPED = rf"(?:[^\S{SEPARATORS}]|[\"\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff])"
_FORMULA = re.compile(rf"(?:\A|(?<=[{SEPARATORS}]))(?={_STRIPPED}*[{re.escape(OPENERS)}])")
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
    guarded = _FORMULA.sub(GUARD, text)
    return GUARD + guarded if _CONTROL_FIRST.match(guarded) else guarded


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        return str(value)
    guarded = guard(value)
    return _quoted(guarded, must=guarded != value)


def _quoted(text: str, *, must: bool = False) -> str:
    return '"' + text.replace('"', '""') + '"' if must or _QUOTED.search(text) else text
