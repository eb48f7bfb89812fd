"""Mentions: where a text or a document names a person, in any spelling, and the text without it. No IO, no clock.

The same as the procedures mention_pattern_v1, redact_text_v1 and redact_json_v1 do in rows.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any
from uuid import UUID

ERASED = "erased"
# Texts that rows are joined, grouped or found by: without a mention each keeps a word of its own.
JOINED = frozenset({"course_id", "lesson_id", "name"})
# Ids of organisations and events. One may be equal to a learner's id; identity stands on it, and it names no person.
THINGS = frozenset({"org_id", "org_ids", "event_id", "event_ids"})
DIGITS = re.compile(r"[0-9a-f]{32}")
WRAPPING = re.compile(r"(?:urn:uuid:)?\{?([^{}]*)\}?", re.IGNORECASE)
WORD_BYTES = 6
LETTERS = str.maketrans("0123456789", "ghijklmnop")  # no digits: a word must not look like a person's number


def plain(identifier: str) -> str:
    """Return an identifier in the spelling that it is compared in: a UUID as its 32 digits, anything in lower case."""
    wrapped = WRAPPING.fullmatch(identifier.strip())
    bare = (wrapped[1] if wrapped else identifier).replace("-", "").lower()
    return bare if DIGITS.fullmatch(bare) else identifier.lower()


@dataclass(frozen=True)
class Mentions:
    """Finds identifiers, and takes them out. `salt` makes the words of one erasure other than those of the next."""

    identifiers: tuple[str, ...]
    salt: str = ""

    @cached_property
    def _plain(self) -> frozenset[str]:
        return frozenset(map(plain, self.identifiers))

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        parts = (
            r"(?:urn:uuid:)?\{?" + "-*".join(known) + r"\}?" if DIGITS.fullmatch(known) else re.escape(known)
            for known in sorted(self._plain)
        )
        return re.compile("|".join(parts), re.IGNORECASE)

    @cached_property
    def _needles(self) -> tuple[str, ...]:
        return tuple(known.replace("-", "") for known in self._plain)

    def is_one(self, value: object) -> bool:
        """Return whether a value is one of the identifiers, and nothing else."""
        return plain(str(value)) in self._plain

    def is_in(self, text: str) -> bool:
        """Return whether a text names one anywhere. Without dashes, all spellings of a UUID have the same digits."""
        bare = text.lower().replace("-", "")
        return any(needle in bare for needle in self._needles)

    def is_in_document(self, document: Any) -> bool:
        """Return whether JSON names one anywhere except in ids of things."""
        text = json.dumps(document, ensure_ascii=False, default=str)
        return self.is_in(text) and self.is_in(json.dumps(_without_things(document), ensure_ascii=False, default=str))

    def redact_text(self, text: str, name: str | None = None) -> str:
        """Return a text without mentions; `name` is the member that it stands in."""
        return self._pattern.sub(self._word if name in JOINED else ERASED, text)

    def redact(self, value: Any, name: str | None = None) -> Any:
        """Return what stands in a member without mentions. Lists and objects are their caller's to walk through."""
        match value:
            case str():
                return value if is_thing(name, value) else self.redact_text(value, name)
            case bool():
                return value
            case int() | float() | Decimal():
                return None if self.is_in(str(value)) else value
            case _:
                return value

    def redact_name(self, name: str) -> str:
        """Return a member's name without mentions; two names stay two."""
        return self._pattern.sub(self._word, name)

    def _word(self, found: re.Match[str]) -> str:
        digest = hashlib.sha256((self.salt + found[0]).encode("utf-8", "surrogatepass")).hexdigest()
        return f"{ERASED}-{digest[: 2 * WORD_BYTES].translate(LETTERS)}"


def is_thing(name: str | None, value: object) -> bool:
    """Return whether a value is the id of a thing: a UUID where such an id stands."""
    if name not in THINGS:
        return False
    return DIGITS.fullmatch(plain(str(value))) is not None


def _without_things(value: Any, name: str | None = None) -> Any:
    match value:
        case Mapping():
            return {key: _without_things(item, key) for key, item in value.items()}
        case list():
            return [_without_things(item, name) for item in value]
        case _:
            return None if is_thing(name, value) else value


def others_spelled(identifiers: Iterable[str]) -> set[str]:
    """Return identifiers as they were given, and as they are spelled canonically where they are UUIDs."""
    found = set()
    for identifier in identifiers:
        found.add(identifier)
        if DIGITS.fullmatch(known := plain(identifier)):
            found.add(str(UUID(known)))
    return found
