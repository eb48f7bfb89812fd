"""Import: store old events that Rollcall never received, once. Events of expired days go into snapshots only."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol, TypeVar
from uuid import UUID

from rollcall.contracts.caller import Caller
from rollcall.contracts.ingest.analytics import AnalyticsEvent, QueuedBatch, ScrubbedEvent
from rollcall.contracts.ingest.import_report import LINES_MAX, EventKind, ImportReport, RefusedLine
from rollcall.contracts.ingest.progress import ProgressEvent, SentProgressEvent
from rollcall.contracts.retention.snapshot import EventTable
from rollcall.domain.ingest.batch import Judge, ReadBatch, read_documents
from rollcall.domain.ingest.json_body import read_json
from rollcall.domain.ingest.subject import opaque_subject
from rollcall.domain.retention.lifetimes import IMPORTED, first_kept_day
from rollcall.errors import InvalidBody, StoreRefused, TooManyEvents
from rollcall.flows.ingest.analytics import ANALYTICS, scrub_read
from rollcall.flows.ingest.learner_ids import NameLearners
from rollcall.flows.ingest.progress import PROGRESS
from rollcall.flows.ingest.recall import Recall
from rollcall.flows.scrub.events import Scrubbing

KIND = "type"
MARK = "\ufeff".encode()
# For each table: a statement over all days locks each partition (open_import_days_v1).
PARTITIONS_MAX = 200
DAYS_AT_ONCE = 31
# Around the day of an event: a wrong time zone moves an event by 26 hours at most, across two midnights.
NEAR_DAYS = 2
TABLES: Mapping[EventKind, EventTable] = {"progress": "progress_events", "analytics": "analytics_events"}
REFUSED = StoreRefused.code

Item = TypeVar("Item")


class ImportStore(Protocol):
    """Stores old events; each method raises StoreUnavailable."""

    def open_days(self, table: EventTable, days: Sequence[date], kept_until: datetime, partitions_max: int) -> int:
        """Make partitions for events of past days."""

    def import_progress(
        self, subject: str, org_id: UUID, events: Sequence[ProgressEvent], received_at: datetime
    ) -> list[str]:
        """Store progress events once, all or none; raises StoreRefused."""

    def import_analytics(self, batch: QueuedBatch) -> list[str]:
        """Store analytics events once, all or none; raises StoreRefused."""


@dataclass(frozen=True)
class ImportRules:
    """How long a deployment keeps events, by table, and from when on its ledger knows every event."""

    retention: Mapping[EventTable, timedelta]
    ledger: timedelta


@dataclass
class Lines:
    """The lines of a body by kind, with their numbers, and the result of each."""

    documents: dict[EventKind, list[dict[str, Any]]] = field(default_factory=lambda: {"progress": [], "analytics": []})
    numbers: dict[EventKind, list[int]] = field(default_factory=lambda: {"progress": [], "analytics": []})
    outcomes: dict[int, str] = field(default_factory=dict)
    refused: dict[int, RefusedLine] = field(default_factory=dict)

    def refuse(self, number: int, reason: str, pointer: str | None = None, detail: str | None = None) -> None:
        """Note that a line is not stored."""
        self.outcomes[number] = "rejected"
        self.refused[number] = RefusedLine(line=number, reason=reason, pointer=pointer, detail=detail)

    def settle(self, number: int, outcome: str) -> None:
        """Note the database's outcome for a line."""
        if outcome in {"accepted", "duplicate"}:
            self.outcomes[number] = outcome
            return
        self.refuse(number, outcome)
        if outcome == "conflict":
            self.outcomes[number] = outcome

    def report(self, org_id: UUID) -> ImportReport:
        """Return the report on all lines."""
        counts = Counter(self.outcomes.values())
        refused = [self.refused[number] for number in sorted(self.refused)]
        return ImportReport(org_id=org_id, lines=len(self.outcomes), refused=refused, **counts)


@dataclass(frozen=True)
class ImportEvents:
    """The flow, with the IO it was given.

    `judge_progress` and `judge_analytics` are the judges of ingest, with the window of imports.
    """

    store: ImportStore
    recall: Recall
    learners: NameLearners
    scrubbing_of: Callable[[UUID], Scrubbing]
    judge_progress: Callable[[Caller, datetime], Judge[SentProgressEvent]]
    judge_analytics: Callable[[Caller, datetime], Judge[AnalyticsEvent]]
    rules: ImportRules
    now: Callable[[], datetime]
    new_batch_id: Callable[[], UUID]

    def take(self, body: bytes, caller: Caller, org_id: UUID, *, is_dry_run: bool) -> ImportReport:
        """Take JSON lines. After a failure the caller sends the same lines again; those already stored are duplicates.

        Raises InvalidBody, TooManyEvents, ImportRecalling, StoreUnavailable, KeysUnavailable, PolicyUnavailable,
        ObjectsUnavailable, SnapshotDamaged.
        """
        received_at, own = self.now(), caller.model_copy(update={"org_ids": frozenset([org_id])})
        lines = _read_lines(body, org_id)
        self._progress(lines, own, org_id, received_at, is_dry_run=is_dry_run)
        self._analytics(lines, own, org_id, received_at, is_dry_run=is_dry_run)
        return lines.report(org_id)

    def _progress(self, lines: Lines, caller: Caller, org_id: UUID, received_at: datetime, *, is_dry_run: bool) -> None:
        documents, numbers = lines.documents["progress"], lines.numbers["progress"]
        if not documents:
            return
        read = read_documents(documents, PROGRESS, LINES_MAX, self.judge_progress(caller, received_at))
        _note_rejections(lines, read, numbers)
        subject = opaque_subject(caller.subject)

        def store(events: Sequence[ProgressEvent]) -> list[str]:
            return self.store.import_progress(subject, org_id, events, received_at)

        kept = [numbers[position] for position in read.positions]
        if kept and not is_dry_run:
            events = self.learners.name(read.events, org_id)
            self._open("progress", org_id, [event.occurred_at for event in events], received_at)
            outcomes = _store_sound(events, store)
        else:
            outcomes = ["accepted"] * len(kept)
        for number, outcome in zip(kept, outcomes, strict=True):
            lines.settle(number, outcome)

    def _analytics(
        self, lines: Lines, caller: Caller, org_id: UUID, received_at: datetime, *, is_dry_run: bool
    ) -> None:
        documents, numbers = lines.documents["analytics"], lines.numbers["analytics"]
        if not documents:
            return
        read = read_documents(documents, ANALYTICS, LINES_MAX, self.judge_analytics(caller, received_at))
        scrubbing = self.scrubbing_of(org_id)
        scrubbed = scrub_read(read, {org_id: scrubbing}, lambda stated_at: stated_at, lambda _org_id, _event: None)[
            org_id
        ]
        _note_rejections(lines, read, numbers)
        sent_by = scrubbing.pseudonymiser.pseudonym(caller.subject)

        def store(events: Sequence[ScrubbedEvent]) -> list[str]:
            return self.store.import_analytics(self._batch(org_id, sent_by, events, scrubbing, received_at))

        kept = [numbers[position] for position in read.positions if position not in read.rejections]
        if kept and not is_dry_run:
            self._open("analytics", org_id, [event.occurred_at for event in scrubbed], received_at)
            outcomes = _store_sound(scrubbed, store)
        else:
            outcomes = ["accepted"] * len(kept)
        for number, outcome in zip(kept, outcomes, strict=True):
            lines.settle(number, outcome)

    def _open(self, kind: EventKind, org_id: UUID, moments: Sequence[datetime], received_at: datetime) -> None:
        """Recall the events of these days that the ledger has forgotten, and make partitions for expired days."""
        table = TABLES[kind]
        days = sorted({moment.astimezone(UTC).date() for moment in moments})
        forgotten_before = (received_at - self.rules.ledger).date()
        near = {day + timedelta(days=offset) for day in days for offset in range(-NEAR_DAYS, NEAR_DAYS + 1)}
        self.recall.know(org_id, table, sorted(day for day in near if day <= forgotten_before))
        kept_from = first_kept_day(received_at, self.rules.retention[table])
        past = [day for day in days if day < kept_from]
        for start in range(0, len(past), DAYS_AT_ONCE):
            self.store.open_days(table, past[start : start + DAYS_AT_ONCE], received_at + IMPORTED, PARTITIONS_MAX)

    def _batch(
        self,
        org_id: UUID,
        sent_by: str,
        events: Sequence[ScrubbedEvent],
        scrubbing: Scrubbing,
        received_at: datetime,
    ) -> QueuedBatch:
        return QueuedBatch(
            org_id=org_id,
            batch_id=self.new_batch_id(),
            route="import",
            sent_by=sent_by,
            received_at=received_at,
            key_id=scrubbing.pseudonymiser.key_id,
            policy_version=scrubbing.policy_version,
            content_hash=hashlib.sha256("".join(event.digest for event in events).encode()).hexdigest(),
            events=list(events),
        )


def _read_lines(body: bytes, org_id: UUID) -> Lines:
    """Return the events of a body by kind. An event that names no organisation belongs to the import's organisation."""
    lines = Lines()
    for number, line in _numbered(body):
        if len(lines.outcomes) + sum(map(len, lines.numbers.values())) >= LINES_MAX:
            raise TooManyEvents(f"A body has at most {LINES_MAX} lines.")
        try:
            document = read_json(line)
        except InvalidBody as invalid:
            lines.refuse(number, "invalid", detail=str(invalid))
            continue
        if not isinstance(document, dict):
            lines.refuse(number, "invalid", detail="A line is one JSON object.")
            continue
        named = document.pop(KIND, None)
        kind = next((kind for kind in TABLES if kind == named), None)
        if kind is None:
            lines.refuse(number, "type_unknown", f"/{KIND}", f'"{KIND}" is "progress" or "analytics".')
        else:
            lines.documents[kind].append({"org_id": str(org_id)} | document)
            lines.numbers[kind].append(number)
    return lines


def _numbered(body: bytes) -> Iterator[tuple[int, bytes]]:
    for number, line in enumerate(body.removeprefix(MARK).split(b"\n"), start=1):
        if line.strip():
            yield number, line


def _note_rejections(
    lines: Lines, read: ReadBatch[SentProgressEvent] | ReadBatch[AnalyticsEvent], numbers: Sequence[int]
) -> None:
    details = {fault.pointer: fault.detail for fault in read.faults}
    for position, receipt in read.rejections.items():
        pointer = receipt.pointer or ""
        lines.refuse(
            numbers[position],
            receipt.reason or "invalid",
            pointer.removeprefix(read.pointer(position)) or None,
            details.get(pointer),
        )


def _store_sound(items: Sequence[Item], store: Callable[[Sequence[Item]], list[str]]) -> list[str]:
    """Store all items together. If the database refuses some content, halve until only that content is refused."""
    try:
        return store(items)
    except StoreRefused:
        if len(items) == 1:
            return [REFUSED]
        middle = len(items) // 2
        return _store_sound(items[:middle], store) + _store_sound(items[middle:], store)
