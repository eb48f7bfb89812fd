"""Objects that may name a learner: lists them, and reads their texts."""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from rollcall.contracts.dead_letters.letter import NIL_ORGANISATION
from rollcall.domain.privacy.learner_identifiers import LearnerIdentifiers
from rollcall.errors import ObjectMissing
from rollcall.flows.ingest import archive

EXPORTS = "exports"
OBJECTS_MAX = 20  # listed in one call
GZIP = ".gz"


class Objects(Protocol):
    """A bucket; each method raises ObjectsUnavailable."""

    def get(self, key: str) -> bytes:
        """Return an object; raises ObjectMissing."""

    def put(self, key: str, body: bytes) -> None:
        """Store an object, in place of an older one with the same key."""

    def delete(self, keys: list[str]) -> None:
        """Delete objects. A missing object is not an error."""

    def keys_after(self, prefix: str, start_after: str = "", limit: int = ...) -> list[str]:
        """Return the next keys below a prefix, in order."""


@dataclass(frozen=True)
class Place:
    """A folder of objects, and its name in counts and certificates."""

    name: str
    prefix: str


def archived(learner: LearnerIdentifiers) -> list[Place]:
    """Return the folders of archived messages that may name a learner of this organisation.

    The nil organisation's folder is one of them: its messages are unreadable, and may be about any learner.
    """
    return [
        Place("spool", archive.folder(archive.SPOOL, learner.org_id)),
        Place("dead_letters", archive.folder(archive.DEAD_LETTERS, learner.org_id)),
        Place("dead_letters_of_nobody", archive.folder(archive.DEAD_LETTERS, NIL_ORGANISATION)),
    ]


def exports(org_id: UUID) -> Place:
    """Return the folder of an organisation's exports."""
    return Place(EXPORTS, f"{EXPORTS}/{org_id}/")


def export_key(org_id: UUID, operation_id: UUID) -> str:
    """Return the key of an export."""
    return f"{exports(org_id).prefix}{operation_id}.jsonl.gz"


def parts_prefix(org_id: UUID, operation_id: UUID) -> str:
    """Return the folder of an export's parts, which exists until they are joined."""
    return f"{exports(org_id).prefix}{operation_id}/"


def read_next(objects: Objects, place: Place, after: str) -> tuple[list[tuple[str, str]], str | None]:
    """Return the next objects of a folder after that key as (key, text), and the last key, or None at the end."""
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
