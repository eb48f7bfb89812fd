"""Find residue: after an erasure, search every table, archive, snapshot and export for the learner's identifiers.

The search reads the text of rows and objects, and shares no code with the erasure, so that it finds what that missed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from rollcall.contracts.operations import Operation
from rollcall.contracts.retention.snapshot import SnapshotFile
from rollcall.domain.privacy.exemptions import NAMESAKES
from rollcall.domain.privacy.learner_identifiers import LearnerIdentifiers
from rollcall.domain.privacy.locations import FoundRows, TablePart
from rollcall.errors import SnapshotDamaged
from rollcall.flows.privacy.objects import Objects, archived, exports, read_next
from rollcall.flows.privacy.phases import Work, part_at, place_after, position_after
from rollcall.flows.retention.pending_snapshots import PendingSnapshots


class SearchStore(Protocol):
    """Searches rows; raises StoreUnavailable."""

    def tables(self) -> list[TablePart]:
        """Return every table that has rows of organisations."""

    def search_rows(
        self, learner: LearnerIdentifiers, operation_id: UUID, part: TablePart, erased_at: datetime | None
    ) -> FoundRows:
        """Search a part of a table. Without a time of erasure, return the learner's rows."""


class ResidueStore(SearchStore, Protocol):
    """Searches rows and event ids."""

    def count_namesakes(self, learner: LearnerIdentifiers) -> int:
        """Return how many events have an id that equals an identifier of a learner."""


class Snapshots(Protocol):
    """The snapshots of an organisation. flows.retention.rewrite_snapshot documents what each method raises."""

    def files(
        self, org_id: UUID, *, after: Mapping[str, Any] | None = None, limit: int = 100
    ) -> Sequence[SnapshotFile]:
        """Return the next files, after a file's position."""

    def read_rows(self, file: SnapshotFile) -> Iterator[dict[str, Any]]:
        """Yield a file's rows."""

    @property
    def pending(self) -> PendingSnapshots:
        """Copies in the archive that the list of files does not name."""


@dataclass(frozen=True)
class FindResidue:
    """The search, with its IO. Each method searches a part, and notes the findings in `work`."""

    store: ResidueStore
    objects: Objects
    snapshots: Snapshots

    def rows(self, operation: Operation, learner: LearnerIdentifiers, work: Work) -> None:
        """Search the next part of a table, in the text of all columns of all rows."""
        part, following = part_at(self.store.tables(), work.position)
        found = self.store.search_rows(learner, operation.operation_id, part, work.erased_at)
        work.counts["searched_tables"] += int(found.next_page is None)
        work.add("residue", {part.of: found.older})
        work.add("newer", {part.of: found.newer})
        if work.position is None:
            work.add("residue", {NAMESAKES: self.store.count_namesakes(learner)})
        work.move(position_after(part, found.next_page, following))

    def objects_of(self, _operation: Operation, learner: LearnerIdentifiers, work: Work) -> None:
        """Search the next archived messages and exports."""
        places = [*archived(learner), exports(learner.org_id)]
        number, after = work.position or (0, "")
        found, last = read_next(self.objects, places[number], after)
        work.counts["searched_objects"] += len(found)
        residue = sum(learner.remains_in(body, work.erased_at) for _, body in found)
        work.add("residue", {places[number].name: residue})
        work.move(place_after(number, last, len(places)))

    def unsettled_snapshots_of(self, operation: Operation, learner: LearnerIdentifiers, work: Work) -> None:
        """Search every object of snapshots that are not dropped or not settled, also objects that no manifest names."""
        try:
            lines = self.snapshots.pending.lines(operation.org_id)
            found = sum(learner.remains_in_line(line, work.erased_at) for line in lines)
        except SnapshotDamaged:
            work.add("residue", {"damaged_snapshots": 1})
        else:
            work.add("residue", {"snapshots": found})
        work.move(None)

    def snapshots_of(self, operation: Operation, learner: LearnerIdentifiers, work: Work) -> None:
        """Search the next file of the snapshots, in the text of its rows."""
        files = self.snapshots.files(operation.org_id, after=work.position, limit=1)
        for file in files:
            work.counts["searched_objects"] += 1
            try:
                found = sum(learner.remains_in_row(row, work.erased_at) for row in self.snapshots.read_rows(file))
            except SnapshotDamaged:
                work.add("residue", {"damaged_snapshots": 1})
            else:
                work.add("residue", {"snapshots": found})
        work.move(files[-1].position if files else None)
