"""Maps OULAD's submissions to progress events.

An organisation is a module, a course is a module's presentation, a lesson is an assessment, and a submission is a
completion with its score as percent. Presentations B are assumed to begin on 1 February, J on 1 October. The data spans
about 850 days, so its times are scaled evenly into the last weeks before an anchor day.
"""

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from rollcall.contracts.ingest.progress import ProgressEvent

from workbench.demo.slice import SLICE

NAMESPACE = uuid5(NAMESPACE_URL, "https://analyse.kmi.open.ac.uk/open-dataset")
START_MONTH = {"B": 2, "J": 10}
SQUEEZED = timedelta(days=20)
CREDIT = (
    "Open University Learning Analytics dataset: Kuzilek, Hlosta, Zdrahal, Scientific Data 4:170171 (2017), CC BY 4.0"
)


@dataclass(frozen=True)
class LearnerBatch:
    """Events of one learner, as one batch of the learner's device."""

    user_id: UUID
    org_ids: frozenset[UUID]
    events: tuple[ProgressEvent, ...]


def organisation(module: str) -> UUID:
    """Return the organisation's id for a module."""
    return uuid5(NAMESPACE, f"module/{module}")


def read_submissions() -> list[dict[str, str]]:
    """Return the rows of the slice."""
    with gzip.open(SLICE, "rt", encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def modules(rows: Iterable[dict[str, str]]) -> dict[UUID, str]:
    """Return the name of each organisation."""
    return {organisation(row["code_module"]): row["code_module"] for row in rows}


def events(rows: list[dict[str, str]], anchor: datetime) -> list[ProgressEvent]:
    """Return the rows as events. The last event is at the anchor."""
    moments = [_submitted_at(row) for row in rows]
    first, last = min(moments), max(moments)
    ratio = SQUEEZED / (last - first)
    return [_event(row, anchor - (last - moment) * ratio) for row, moment in zip(rows, moments, strict=True)]


def _event(row: dict[str, str], occurred_at: datetime) -> ProgressEvent:
    return ProgressEvent(
        # Made from file and line, not from the natural key: the data has real repetitions, which are distinct events.
        event_id=uuid5(NAMESPACE, f"student_assessment/{row['row']}"),
        org_id=organisation(row["code_module"]),
        user_id=uuid5(NAMESPACE, f"student/{row['id_student']}"),
        course_id=f"{row['code_module']}-{row['code_presentation']}",
        lesson_id=row["id_assessment"],
        kind="completed",
        percent=float(row["score"]) if row["score"] else None,
        occurred_at=occurred_at.replace(microsecond=0),
    )


def _submitted_at(row: dict[str, str]) -> datetime:
    presentation = row["code_presentation"]
    start = datetime(int(presentation[:4]), START_MONTH[presentation[4]], 1, tzinfo=UTC)
    return start + timedelta(days=int(row["date_submitted"]))


def batches(all_events: Iterable[ProgressEvent], size: int) -> Iterator[LearnerBatch]:
    """Yield the events learner by learner, oldest first, at most `size` at a time."""
    by_learner: defaultdict[UUID, list[ProgressEvent]] = defaultdict(list)
    for event in all_events:
        by_learner[event.user_id].append(event)
    for user_id, theirs in by_learner.items():
        theirs.sort(key=lambda event: (event.occurred_at, event.event_id))
        org_ids = frozenset(event.org_id for event in theirs if event.org_id)
        for start in range(0, len(theirs), size):
            yield LearnerBatch(user_id, org_ids, tuple(theirs[start : start + size]))
