"""JSON of clients that others wrote: what is no number of JSON costs the member that it is, and not its batch."""

import json
import sys
from typing import Any

from rollcall.domain.ingest.json_body import read_json
from rollcall.errors import NumberInvalid


def read_foreign_json(body: bytes) -> Any:
    """Return the JSON in a body, with null in place of NaN, Infinity and whole numbers that Python does not read.

    Raises what read_json raises, except NumberInvalid.
    """
    try:
        return read_json(body)
    except NumberInvalid:
        # Seldom needed, and slower: each whole number is looked at.
        return read_json(body, _loads)


def _loads(text: str) -> Any:
    return json.loads(text, parse_constant=_no_number, parse_int=_whole_number)


def _no_number(_name: str) -> None:
    return None


def _whole_number(digits: str) -> int | None:
    return int(digits) if len(digits.lstrip("-")) <= sys.get_int_max_str_digits() else None
