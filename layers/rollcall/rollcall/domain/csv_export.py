"""CSV that a spreadsheet may open: quoted per RFC 4180, and no text that it would take for a formula.

Source of the first characters: OWASP, "CSV Injection".
"""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r", "\n")
GUARD = "'"


def write_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return a header line and a line a row, each ended by CR LF. None is empty; a text may get a `'` before it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_guarded(value) for value in row] for row in rows)
    return text.getvalue()


def _guarded(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(FORMULA_BEGINS):
        return GUARD + value
    return value
