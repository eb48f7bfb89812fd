"""How far an erasure or an export is: a phase after another, each from a position on; what a cursor holds."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from rollcall.contracts.operations import Operation
from rollcall.domain.privacy.locations import TablePart
from rollcall.flows.operations.work import StepResult

CHUNK_SECONDS = 2.0  # a chunk goes on with small parts until then: most tables and folders are empty


@dataclass
class Work:
    """The state of an operation within a chunk. `notes` are what later phases need, and the certificate."""

    phases: Sequence[str]
    phase: str
    position: Any = None
    notes: dict[str, Any] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    units: int = 0

    @classmethod
    def of(cls, operation: Operation, phases: Sequence[str]) -> Self:
        """Return where an operation is, by its cursor."""
        cursor = operation.cursor
        if cursor is None:
            work = cls(phases, phases[0])
            work.counts["total"] = len(phases)
            return work
        return cls(phases, cursor["phase"], cursor.get("position"), dict(cursor["notes"]))

    @property
    def erased_at(self) -> datetime:
        """The moment of the erasure, from its first phase on."""
        return datetime.fromisoformat(self.notes["erased_at"])

    def move(self, position: Any) -> None:
        """Go on from a position of the same phase; from None, with the next phase."""
        self.position = position
        self.units += 1
        if position is None:
            self.counts["done"] += 1
            self.phase = self.phases[self.phases.index(self.phase) + 1]

    def go_back(self, phase: str) -> None:
        """Do it from a phase on once more."""
        self.counts["done"] -= self.phases.index(self.phase) - self.phases.index(phase)
        self.phase, self.position = phase, None

    def add(self, name: str, found: Mapping[str, int]) -> None:
        """Add numbers to those that a note holds."""
        kept: dict[str, int] = self.notes.setdefault(name, {})
        for place, number in found.items():
            if number:
                kept[place] = kept.get(place, 0) + number

    def result(self) -> StepResult:
        """Return the chunk's result for the engine."""
        cursor = {"phase": self.phase, "position": self.position, "notes": self.notes}
        return StepResult(self.counts, cursor, is_done=False, units=self.units)


def part_at(tables: list[TablePart], position: list[object] | None) -> tuple[TablePart, str | None]:
    """Return the part of a table at a position, and the name of the table after it; tables may come and go."""
    table, page = position or ("", 0)
    left = [part for part in tables if part.table >= str(table)]
    following = left[1].table if len(left) > 1 else None
    return TablePart(left[0].table, left[0].of, int(str(page)) if left[0].table == table else 0), following


def position_after(part: TablePart, next_page: int | None, following: str | None) -> list[object] | None:
    """Return where the next part begins; None after the last."""
    if next_page is not None:
        return [part.table, next_page]
    return [following, 0] if following else None


def place_after(number: int, last: str | None, places: int) -> list[object] | None:
    """Return where the next objects begin: after the last key of a place, or with the next one; None after all."""
    if last is not None:
        return [number, last]
    return [number + 1, ""] if number + 1 < places else None
