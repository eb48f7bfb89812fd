"""The progress of an erasure or an export: its phase, and its position within the phase, as kept in the cursor."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from rollcall.contracts.operations import Operation
from rollcall.domain.privacy.locations import TablePart
from rollcall.flows.operations.work import StepResult

CHUNK_SECONDS = 2.0  # a chunk does several small parts in this time, because most tables and folders are empty


@dataclass
class Work:
    """The state of an operation within a chunk. `notes` holds values for later phases and for the certificate."""

    phases: Sequence[str]
    phase: str
    position: Any = None
    notes: dict[str, Any] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    units: int = 0

    @classmethod
    def of(cls, operation: Operation, phases: Sequence[str]) -> Self:
        """Return the state of an operation, from its cursor."""
        cursor = operation.cursor
        if cursor is None:
            work = cls(phases, phases[0])
            work.counts["total"] = len(phases)
            return work
        return cls(phases, cursor["phase"], cursor.get("position"), dict(cursor["notes"]))

    @property
    def erased_at(self) -> datetime:
        """The time of the erasure, set in its first phase."""
        return datetime.fromisoformat(self.notes["erased_at"])

    def move(self, position: Any) -> None:
        """Continue from a position of the same phase, or from None with the next phase."""
        self.position = position
        self.units += 1
        if position is None:
            self.counts["done"] += 1
            self.phase = self.phases[self.phases.index(self.phase) + 1]

    def go_back(self, phase: str) -> None:
        """Start again from a phase."""
        self.counts["done"] -= self.phases.index(self.phase) - self.phases.index(phase)
        self.phase, self.position = phase, None

    def add(self, name: str, found: Mapping[str, int]) -> None:
        """Add numbers to those of a note."""
        kept: dict[str, int] = self.notes.setdefault(name, {})
        for place, number in found.items():
            if number:
                kept[place] = kept.get(place, 0) + number

    def result(self) -> StepResult:
        """Return the chunk's result for the engine."""
        cursor = {"phase": self.phase, "position": self.position, "notes": self.notes}
        return StepResult(self.counts, cursor, is_done=False, units=self.units)


def part_at(tables: list[TablePart], position: list[object] | None) -> tuple[TablePart, str | None]:
    """Return the part of a table at a position, and the name of the next table. Tables may appear and disappear."""
    table, page = position or ("", 0)
    left = [part for part in tables if part.table >= str(table)]
    following = left[1].table if len(left) > 1 else None
    return TablePart(left[0].table, left[0].of, int(str(page)) if left[0].table == table else 0), following


def position_after(part: TablePart, next_page: int | None, following: str | None) -> list[object] | None:
    """Return the position of the next part, or None after the last."""
    if next_page is not None:
        return [part.table, next_page]
    return [following, 0] if following else None


def place_after(number: int, last: str | None, places: int) -> list[object] | None:
    """Return the position of the next objects, in this folder or in the next one, or None at the end."""
    if last is not None:
        return [number, last]
    return [number + 1, ""] if number + 1 < places else None
