"""Erase one learner wherever Rollcall keeps something of the learner, search for residue, and certify the result.

The step of operations of the kind `erase`. Each part of its work may be done twice. First the learner is barred, so
that no earlier event of the learner can come in any more. Then rows, rollups and objects follow.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID

from rollcall.contracts.caller import Caller
from rollcall.contracts.ingest.receipt import EventKind
from rollcall.contracts.operations import Operation
from rollcall.contracts.privacy import Certificate
from rollcall.contracts.retention.snapshot import SnapshotFile
from rollcall.domain.privacy.exemptions import EXPLAINED, exemptions
from rollcall.domain.privacy.learner_identifiers import LearnerIdentifiers, RemainingMessage
from rollcall.domain.privacy.locations import ErasedLearner, ErasedRows, TablePart
from rollcall.errors import SnapshotDamaged
from rollcall.flows.ingest import archive
from rollcall.flows.operations.work import Chunk, RecordedStep, StepResult
from rollcall.flows.privacy import residue as find_residue
from rollcall.flows.privacy.objects import Objects, Place, archived, exports, read_next
from rollcall.flows.privacy.phases import CHUNK_SECONDS, Work, part_at, place_after, position_after
from rollcall.flows.privacy.residue import FindResidue
from rollcall.flows.retention.rewrite_snapshot import Revise, RewriteResult

DRY_PHASES = ("learner", "rows", "archive", "snapshots", "exports", "tickets", "finish")
PHASES = (
    *("learner", "rows", "rollups", "archive", "unsettled_snapshots", "snapshots", "exports", "tickets"),
    *("search_rows", "search_objects", "search_unsettled_snapshots", "search_snapshots", "finish"),
)
ROUNDS_MAX = 3  # residue may have arrived after its location was erased: then that location is erased again
DAYS_MAX = 400  # days noted for computing rollups again
REASON = "learner erased"


class PrivacyStore(Protocol):
    """Erases and searches rows; raises StoreUnavailable."""

    def erase_learner(self, learner: LearnerIdentifiers, *, is_dry_run: bool) -> ErasedLearner:
        """Bar a learner and erase the learner's progress."""

    def tables(self) -> list[TablePart]:
        """Return every table that has rows of organisations."""

    def erase_rows(
        self, learner: LearnerIdentifiers, operation_id: UUID, part: TablePart, erased_at: datetime, *, is_dry_run: bool
    ) -> ErasedRows:
        """Erase a learner from a part of a table."""

    def rebuild_rollup_day(self, org_id: UUID, day: date) -> bool:
        """Compute a day's rollups again; return False when they are frozen."""

    def entomb_events(self, org_id: UUID, kind: EventKind | None, event_ids: list[UUID]) -> None:
        """Reduce erased events, of one kind or of both, to their ids."""

    def exports_of(self, learner: LearnerIdentifiers) -> list[UUID]:
        """Return the ids of a learner's exports."""

    def finish(
        self,
        operation: Operation,
        lease_id: UUID,
        learner: LearnerIdentifiers,
        counts: Mapping[str, int],
        certificate: Mapping[str, Any] | None,
    ) -> Operation | None:
        """End the operation, and store the certificate."""


class Snapshots(find_residue.Snapshots, Protocol):
    """The snapshots of an organisation, which can be rewritten."""

    def revise_file(self, file: SnapshotFile, revise: Revise) -> RewriteResult:
        """Change or remove rows of a file."""


Discard = Callable[[UUID, UUID, str, str], object]
"""Discards a dead letter of an organisation, in a person's name, with a reason."""


class Tickets(Protocol):
    """Unused tickets for sockets; each method raises TableUnavailable."""

    def withdraw(self, is_theirs: Callable[[Caller], bool], *, is_dry_run: bool) -> int:
        """Delete the tickets of some callers, and return how many there were."""


@dataclass(frozen=True)
class Erase:
    """The step, with its IO. `sign` completes a certificate; `discard` discards an emptied dead letter."""

    store: PrivacyStore
    objects: Objects
    snapshots: Snapshots
    search: FindResidue
    tickets: Tickets
    discard: Discard
    sign: Callable[[dict[str, Any]], dict[str, Any]]
    now: Callable[[], datetime]
    monotonic: Callable[[], float]

    def __call__(self, operation: Operation, chunk: Chunk) -> StepResult | RecordedStep:
        """Do the next parts."""
        learner = LearnerIdentifiers.read(operation)
        work = Work.of(operation, DRY_PHASES if operation.is_dry_run else PHASES)
        ends_at = self.monotonic() + CHUNK_SECONDS
        while work.phase != "finish":
            self._do(operation, learner, work)
            if self.monotonic() >= ends_at:
                return work.result()
        return self._finish(operation, chunk, learner, work)

    def _do(self, operation: Operation, learner: LearnerIdentifiers, work: Work) -> None:
        """Do the next part of the current phase."""
        phases = {
            "learner": self._learner,
            "rows": self._rows,
            "rollups": self._rollups,
            "archive": self._archive,
            "unsettled_snapshots": self._unsettled_snapshots,
            "snapshots": self._snapshots,
            "exports": self._exports,
            "tickets": self._tickets,
            "search_rows": self.search.rows,
            "search_objects": self.search.objects_of,
            "search_unsettled_snapshots": self.search.unsettled_snapshots_of,
            "search_snapshots": self.search.snapshots_of,
        }
        phases[work.phase](operation, learner, work)

    def _learner(self, operation: Operation, learner: LearnerIdentifiers, work: Work) -> None:
        erased = self.store.erase_learner(learner, is_dry_run=operation.is_dry_run)
        work.notes["erased_at"] = erased.erased_at.isoformat()
        if not operation.is_dry_run:  # in a dry run they are still there, and counted with the other rows
            work.counts.update({f"deleted_{table}": number for table, number in erased.counts.items() if number})
        _note_days(work, erased.days)
        work.move(None)

    def _rows(self, operation: Operation, learner: LearnerIdentifiers, work: Work) -> None:
        part, following = part_at(self.store.tables(), work.position)
        erased = self.store.erase_rows(
            learner, operation.operation_id, part, work.erased_at, is_dry_run=operation.is_dry_run
        )
        _count(work, f"deleted_{part.of}", erased.deleted)
        _count(work, f"redacted_{part.of}", erased.redacted)
        _note_days(work, erased.days)
        work.move(position_after(part, erased.next_page, following))

    def _rollups(self, operation: Operation, _trace: LearnerIdentifiers, work: Work) -> None:
        days: list[str] = sorted(work.notes.get("days", []))
        if days:
            is_rebuilt = self.store.rebuild_rollup_day(operation.org_id, date.fromisoformat(days[0]))
            work.counts["days_rebuilt" if is_rebuilt else "days_frozen"] += 1
        work.notes["days"] = days[1:]
        work.move(True if work.notes["days"] else None)

    def _archive(self, operation: Operation, learner: LearnerIdentifiers, work: Work) -> None:
        places = archived(learner)
        number, after = work.position or (0, "")
        found, last = read_next(self.objects, places[number], after)
        for key, body in found:
            if stripped := learner.take_out(body, work.erased_at):
                self._replace(operation, places[number], key, stripped)
                _count(work, f"{'deleted' if stripped.body is None else 'rewritten'}_objects_{places[number].name}", 1)
                _count(work, f"deleted_events_{places[number].name}", len(stripped.event_ids))
        work.move(place_after(number, last, len(places)))

    def _replace(self, operation: Operation, place: Place, key: str, stripped: RemainingMessage) -> None:
        if operation.is_dry_run:
            return
        kind: EventKind | None = "progress" if place.name == "spool" else None
        self.store.entomb_events(operation.org_id, kind, list(stripped.event_ids))
        if stripped.body is not None:
            self.objects.put(key, stripped.body.encode())
            return
        if place.name == "dead_letters":
            # Discard it before its body is deleted, so that no redrive or replay meets a dead letter without a body.
            self.discard(operation.org_id, archive.id_in(key), operation.requested_by, REASON)
        self.objects.delete([key])

    def _unsettled_snapshots(self, operation: Operation, _trace: LearnerIdentifiers, work: Work) -> None:
        """Withdraw copies of live rows: after the rows themselves, and before the files of dropped days."""
        _count(work, "withdrawn_objects_snapshots", self.snapshots.pending.withdraw(operation.org_id))
        work.move(None)

    def _snapshots(self, operation: Operation, learner: LearnerIdentifiers, work: Work) -> None:
        files = self.snapshots.files(operation.org_id, after=work.position, limit=1)
        for file in files:
            try:
                self._revise(operation, learner, work, file)
            except SnapshotDamaged:
                work.counts["damaged_snapshots"] += 1
        work.move(files[-1].position if files else None)

    def _revise(self, operation: Operation, learner: LearnerIdentifiers, work: Work, file: SnapshotFile) -> None:
        gone: list[UUID] = []

        def revise(row: Mapping[str, Any]) -> Mapping[str, Any] | None:
            revised = learner.revise(row, work.erased_at)
            if revised is None:
                gone.append(UUID(row["event_id"]))
            return revised

        if operation.is_dry_run:
            rows = list(self.snapshots.read_rows(file))
            changed = sum(revise(row) not in (None, row) for row in rows)
        else:
            changed = self.snapshots.revise_file(file, revise).rows_changed
            self.store.entomb_events(
                operation.org_id, "progress" if file.table_name == "progress_events" else "analytics", gone
            )
        _count(work, "deleted_rows_snapshots", len(gone))
        _count(work, "redacted_rows_snapshots", changed)

    def _exports(self, operation: Operation, learner: LearnerIdentifiers, work: Work) -> None:
        for operation_id in self.store.exports_of(learner):
            keys = self.objects.keys_after(f"{exports(learner.org_id).prefix}{operation_id}")
            for key in keys:
                _count(work, "deleted_objects_exports", 1)
                if not operation.is_dry_run:
                    self.objects.delete([key])
        work.move(None)

    def _tickets(self, operation: Operation, learner: LearnerIdentifiers, work: Work) -> None:
        """Delete the learner's unused tickets for sockets, because a ticket names its caller."""

        def is_theirs(caller: Caller) -> bool:
            return learner.org_id in caller.org_ids and learner.mentions.is_one(caller.subject)

        _count(work, "deleted_tickets", self.tickets.withdraw(is_theirs, is_dry_run=operation.is_dry_run))
        work.move(None)

    def _finish(
        self, operation: Operation, chunk: Chunk, learner: LearnerIdentifiers, work: Work
    ) -> StepResult | RecordedStep:
        residue: dict[str, int] = work.notes.get("residue", {})
        rounds = work.notes.get("rounds", 1)
        if set(residue) - EXPLAINED.keys() and rounds < ROUNDS_MAX:
            work.notes |= {"rounds": rounds + 1, "residue": {}, "newer": {}}
            work.go_back("rows")
            return work.result()
        work.counts["done"] += 1
        certificate = None if operation.is_dry_run else self._certificate(operation, learner, work)
        latest = self.store.finish(operation, chunk.lease_id, learner, dict(work.counts), certificate)
        return RecordedStep(latest, work.units)

    def _certificate(self, operation: Operation, learner: LearnerIdentifiers, work: Work) -> dict[str, Any]:
        residue: dict[str, int] = work.notes.get("residue", {})
        issued_at, counts = self.now(), operation.counts | {}
        for name, number in work.counts.items():
            counts[name] = counts.get(name, 0) + number
        certificate = Certificate(
            org_id=learner.org_id,
            operation_id=operation.operation_id,
            learner_digest=learner.digest.hex(),
            requested_by=operation.requested_by,
            requested_at=operation.requested_at,
            erased_at=work.erased_at,
            issued_at=issued_at,
            identifiers=len(learner.identifiers),
            counts={name: number for name, number in sorted(counts.items()) if name not in {"total", "done"}},
            residue=residue,
            newer=work.notes.get("newer", {}),
            remains=exemptions(issued_at, residue),
            is_clean=not set(residue) - EXPLAINED.keys(),
        )
        return self.sign(certificate.model_dump(mode="json", exclude={"key_id", "signature"}))


def _count(work: Work, name: str, number: int) -> None:
    if number:
        work.counts[name] += number


def _note_days(work: Work, days: list[date]) -> None:
    noted = {*work.notes.get("days", []), *(day.isoformat() for day in days)}
    work.notes["days"] = sorted(noted)[-DAYS_MAX:]
