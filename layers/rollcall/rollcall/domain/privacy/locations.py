"""Where a learner may stand in the database, and what was found there."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True)
class TablePart:
    """A part of a table or partition, by its first page; `of` is what a partition is a part of, or the table itself."""

    table: str
    of: str
    page: int = 0


@dataclass(frozen=True)
class ErasedLearner:
    """What an erasure of progress did: until when, rows by table, and the days of the events that are gone."""

    erased_at: datetime
    counts: dict[str, int]
    days: list[date]


@dataclass(frozen=True)
class ErasedRows:
    """What was erased of a part of a table; `next_page` is None after its last part."""

    deleted: int
    redacted: int
    days: list[date]
    next_page: int | None


@dataclass(frozen=True)
class FoundRows:
    """How many rows name a learner in a part of a table, of before an erasure and since; `rows` for an export alone."""

    older: int
    newer: int
    rows: list[dict[str, Any]]
    next_page: int | None
