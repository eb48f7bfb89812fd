"""Objects that may name a learner: which there are, one after another, and what they hold."""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from rollcall.contracts.dead_letters.letter import NOBODY
from rollcall.domain.privacy.learner_identifiers import Trace
from rollcall.errors import ObjectMissing
from rollcall.flows.ingest import archive

EXPORTS = "exports"
OBJECTS_MAX = 20  # listed at once
GZIP = ".gz"


class Objects(Protocol):
    """A bucket; each call raises ObjectsUnavailable."""

    def get(self, key: str) -> bytes:
        """Return an object; raises ObjectMissing."""

    def put(self, key: str, body: bytes) -> None:
        """Keep one, in place of what its key had."""

    def delete(self, keys: list[str]) -> None:
        """Delete objects; one that is not there is fine."""

    def keys_after(self, prefix: str, start_after: str = "", limit: int = ...) -> list[str]:
        """Return the next keys below a prefix, in order."""


@dataclass(frozen=True)
class Place:
    """A folder of objects, by the name that counts and certificates give it."""

    name: str
    prefix: str


def archived(trace: Trace) -> list[Place]:
    """Return where messages are archived that may name a learner of this organisation.

    What nobody could read belongs to nobody known, and may be of anybody.
    """
    return [
        Place("spool", archive.folder(archive.SPOOL, trace.org_id)),
        Place("dead_letters", archive.folder(archive.DEAD_LETTERS, trace.org_id)),
        Place("dead_letters_of_nobody", archive.folder(archive.DEAD_LETTERS, NOBODY)),
    ]


def exports(org_id: UUID) -> Place:
    """Return where an organisation's exports lie."""
    return Place(EXPORTS, f"{EXPORTS}/{org_id}/")


def export_key(org_id: UUID, operation_id: UUID) -> str:
    """Return the key of an export."""
    return f"{exports(org_id).prefix}{operation_id}.jsonl.gz"


def parts_prefix(org_id: UUID, operation_id: UUID) -> str:
    """Return the folder of an export's parts, until they are put together."""
    return f"{exports(org_id).prefix}{operation_id}/"


def read_next(objects: Objects, place: Place, after: str) -> tuple[list[tuple[str, str]], str | None]:
    """Return the next objects of a place as (key, text), after that key, and the last key; None after the last."""
    keys = objects.keys_after(place.prefix, after, OBJECTS_MAX)
    found = list(_read(objects, keys))
    return found, keys[-1] if len(keys) == OBJECTS_MAX else None


def _read(objects: Objects, keys: list[str]) -> Iterator[tuple[str, str]]:
    for key in keys:
        try:
            body = objects.get(key)
        except ObjectMissing:
            continue
        yield key, (gzip.decompress(body) if key.endswith(GZIP) else body).decode(errors="replace")
