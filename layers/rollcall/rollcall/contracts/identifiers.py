"""Identifiers: the form of a text that names something, and the one spelling by which two of them are compared."""

import re
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

# No control characters: PostgreSQL cannot hold NUL, and the rest has no place in an identifier. Nor the two
# noncharacters that SQS refuses: what is accepted must fit the spool queue as well.
Identifier = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f-\x9f\ufffe\uffff]+$")]
EXACT_MAX = 2**53  # beyond it two whole numbers may be one float
HEX_DIGITS = 32
DIGITS_MAX = 10**128 - 1  # as many digits as an identifier has characters
HEX = "[0-9A-Fa-f]"
DASHED = rf"{HEX}{{8}}-{HEX}{{4}}-{HEX}{{4}}-{HEX}{{4}}-{HEX}{{12}}"
# The spellings that pydantic reads in bodies and queries: Python's own UUID() would read many more.
UUID_SPELLING = re.compile(rf"{DASHED}|{HEX}{{32}}|\{{{DASHED}\}}|urn:uuid:{DASHED}")


def read_uuid(text: str) -> UUID | None:
    """Return the UUID that a text is, spelled as every route takes it: dashed, undashed, in braces, as a URN."""
    return UUID(text) if UUID_SPELLING.fullmatch(text) else None


def id_text(value: object) -> str | None:
    """Return the text of an id as its sender wrote it, None for what can be no id.

    A whole number is its digits: 12345.0 is 12345. No other float is an id, since two ids may have become the same one.
    """
    match value:
        case str():
            return value
        case bool():
            return None
        case int() if abs(value) <= DIGITS_MAX:
            return str(value)
        case float() if abs(value) <= EXACT_MAX and value.is_integer():
            return str(int(value))
        case _:
            return None


def canonical_id(value: object) -> str | None:
    """Return the one text that an id is compared by: a UUID dashed and in lower case, however it is spelled."""
    text = id_text(value)
    if text is None or len(text) < HEX_DIGITS:
        return text
    identity = read_uuid(text.lower())
    return text if identity is None else str(identity)


def _not_blank(text: str) -> str:
    if not text.strip():
        raise PydanticCustomError("blank", "Input should have a character that is no blank")
    return text


# A learner's id in an organisation's own system. Blanks alone name no learner.
LearnerId = Annotated[Identifier, AfterValidator(_not_blank)]
