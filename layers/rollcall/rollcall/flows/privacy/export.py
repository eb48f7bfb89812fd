"""Export everything that Rollcall keeps of one learner, as JSON lines in one compressed object.

The step of operations of the kind `export`. Each chunk writes its lines as a part, named by the number of its step, so
that a repeated chunk overwrites its own part. The last chunk joins the parts, with a manifest before them. Memory holds
at most a chunk's lines and one part.
"""

import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from rollcall.contracts.operations import Operation
from rollcall.domain.privacy.learner_identifiers import LearnerIdentifiers
from rollcall.flows.operations.work import Chunk, RecordedStep, StepResult
from rollcall.flows.privacy import objects as learner_objects
from rollcall.flows.privacy.objects import archived, export_key, parts_prefix, read_next
from rollcall.flows.privacy.phases import CHUNK_SECONDS, Work, part_at, place_after, position_after
from rollcall.flows.privacy.residue import SearchStore, Snapshots

PHASES = ("rows", "archive", "snapshots", "finish")
LINES_MAX = 20_000  # in a chunk's part
# Tables whose rows are not the learner's own data.
SOURCES = (
    "progress_events, lesson_progress, course_progress, assignments, learners: by the user's id.",
    "analytics_events: by pseudonyms; what policy removed before it was stored is listed in `remarks`, without values.",
    "snapshots: the same rows of days that are no longer in the tables; until then a snapshot is a copy of them.",
    "spool, dead_letters, dead_letters_of_nobody: archived messages, the learner's events alone.",
    "Other tables: rows that mention the learner.",
)


class PrivacyStore(SearchStore, Protocol):
    """Searches rows, and ends operations; raises StoreUnavailable."""

    def finish(
        self,
        operation: Operation,
        lease_id: UUID,
        learner: LearnerIdentifiers,
        counts: Mapping[str, int],
        certificate: None,
    ) -> Operation | None:
        """End the operation."""


class Objects(learner_objects.Objects, Protocol):
    """A bucket that takes an object piece by piece."""

    def put_stream(self, key: str, pieces: Iterator[bytes]) -> None:
        """Store an object that is made piece by piece; raises ObjectsUnavailable."""


@dataclass
class _Lines:
    """The lines of a chunk, to be written as a part."""

    counts: dict[str, int] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    def add(self, source: str, **found: Any) -> None:
        self.counts[source] = self.counts.get(source, 0) + 1
        self.lines.append(json.dumps({"source": source, **found}, ensure_ascii=False))


@dataclass(frozen=True)
class Export:
    """The step, with the IO it was given."""

    store: PrivacyStore
    objects: Objects
    snapshots: Snapshots
    now: Callable[[], datetime]
    monotonic: Callable[[], float]

    def __call__(self, operation: Operation, chunk: Chunk) -> StepResult | RecordedStep:
        """Write the next part, or join all parts."""
        learner, work, lines = LearnerIdentifiers.read(operation), Work.of(operation, PHASES), _Lines()
        if work.phase == "finish":
            return self._finish(operation, chunk, learner, work)
        ends_at = self.monotonic() + CHUNK_SECONDS
        while work.phase != "finish" and self.monotonic() < ends_at and len(lines.lines) < LINES_MAX:
            match work.phase:
                case "rows":
                    self._rows(operation, learner, work, lines)
                case "archive":
                    self._archive(learner, work, lines)
                case _:
                    self._snapshots(learner, work, lines)
        work.counts.update(lines.counts)
        work.add("sources", lines.counts)
        if lines.lines and not operation.is_dry_run:
            part = f"{parts_prefix(learner.org_id, operation.operation_id)}{operation.step_number:06}.jsonl.gz"
            self.objects.put(part, gzip.compress(("\n".join(lines.lines) + "\n").encode(errors="replace")))
        return work.result()

    def _rows(self, operation: Operation, learner: LearnerIdentifiers, work: Work, lines: _Lines) -> None:
        part, following = part_at(self.store.tables(), work.position)
        found = self.store.search_rows(learner, operation.operation_id, part, None)
        for row in found.rows:
            lines.add(part.of, row=row)
        work.move(position_after(part, found.next_page, following))

    def _archive(self, learner: LearnerIdentifiers, work: Work, lines: _Lines) -> None:
        places = archived(learner)
        number, after = work.position or (0, "")
        found, last = read_next(self.objects, places[number], after)
        for key, body in found:
            for event in learner.events_in(body):
                lines.add(places[number].name, key=key, event=event)
        work.move(place_after(number, last, len(places)))

    def _snapshots(self, learner: LearnerIdentifiers, work: Work, lines: _Lines) -> None:
        files = self.snapshots.files(learner.org_id, after=work.position, limit=1)
        for file in files:
            for row in self.snapshots.read_rows(file):
                if learner.is_in_row(row):
                    lines.add("snapshot_rows", table=file.table_name, day=file.day.isoformat(), row=row)
        work.move(files[-1].position if files else None)

    def _finish(self, operation: Operation, chunk: Chunk, learner: LearnerIdentifiers, work: Work) -> RecordedStep:
        work.counts["done"] += 1
        if not operation.is_dry_run:
            key, prefix = (
                export_key(learner.org_id, operation.operation_id),
                parts_prefix(learner.org_id, operation.operation_id),
            )
            # The parts are deleted last, so that after a kill before the result is noted, they can be joined again.
            parts = self._keys(prefix)
            if parts or not self.objects.keys_after(key):
                self.objects.put_stream(key, self._pieces(operation, learner, work, parts))
            while gone := self.objects.keys_after(prefix):
                self.objects.delete(gone)
        return RecordedStep(self.store.finish(operation, chunk.lease_id, learner, dict(work.counts), None), work.units)

    def _keys(self, prefix: str) -> list[str]:
        keys: list[str] = []
        while found := self.objects.keys_after(prefix, keys[-1] if keys else ""):
            keys += found
        return keys

    def _pieces(
        self, operation: Operation, learner: LearnerIdentifiers, work: Work, parts: list[str]
    ) -> Iterator[bytes]:
        """Yield the members of a gzip file, the manifest first. RFC 1952, section 2.2, allows several members."""
        manifest = {
            "version": 1,
            "org_id": str(learner.org_id),
            "user_id": str(learner.user_id),
            "operation_id": str(operation.operation_id),
            "exported_at": self.now().isoformat(),
            "counts": work.notes.get("sources", {}),
            "notes": SOURCES,
        }
        yield gzip.compress((json.dumps({"manifest": manifest}) + "\n").encode())
        for part in parts:
            yield self.objects.get(part)
