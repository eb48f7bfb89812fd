"""Reads the JSON in a request body."""

import json
from codecs import BOM_UTF8
from collections.abc import Callable
from typing import Any

from rollcall.domain.gzip_body import GZIP_MAGIC
from rollcall.domain.ingest.nesting import flatten
from rollcall.errors import EmptyBody, GzipUndeclared, InvalidBody, NotUtf8, NumberInvalid


def read_json(body: bytes, loads: Callable[[str], Any] | None = None) -> Any:
    """Return the JSON in a body, without a byte order mark. `loads` parses the text.

    Raises EmptyBody, NotUtf8, GzipUndeclared, NumberInvalid, InvalidBody.
    """
    if body.startswith(GZIP_MAGIC):
        raise GzipUndeclared
    try:
        text = body.removeprefix(BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError:
        raise NotUtf8 from None
    if not text.strip():
        raise EmptyBody
    load = loads or _loads
    try:
        try:
            return load(text)
        except RecursionError:
            # A member that is nested without end must not cost the rest of the batch.
            return load(flatten(text))
    except json.JSONDecodeError as fault:
        raise InvalidBody(f"The body is not JSON: look at line {fault.lineno}, column {fault.colno}.") from None
    except RecursionError:
        raise InvalidBody("The JSON of the body is nested too deeply.") from None
    except ValueError:
        # Python reads no number with more digits than 4,300.
        raise NumberInvalid from None


def _loads(text: str) -> Any:
    return json.loads(text, parse_constant=_refuse_constant)


def _refuse_constant(_name: str) -> None:
    raise NumberInvalid
