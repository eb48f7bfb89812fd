"""Which dead letters a command acts on, and the question before it does."""

import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table
from rollcall.contracts.dead_letter import Cause

from workbench.errors import WorkbenchError
from workbench.operations.organisations import Organisations, name_of

Group = dict[str, Any]

IdsOption = Annotated[list[UUID] | None, typer.Option("--id", help="A dead letter; repeat for several.")]
CauseOption = Annotated[Cause | None, typer.Option(help="All open ones of this cause.")]
AllOption = Annotated[bool, typer.Option("--all", help="All open ones.")]
QueueOption = Annotated[str | None, typer.Option(help="Of this queue alone: spool or analytics.")]
ReasonOption = Annotated[
    str, typer.Option(help="Why, for those who look at it later. No names of people.", show_default=False)
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@dataclass(frozen=True)
class Choice:
    """What was chosen on the command line."""

    ids: list[UUID]
    cause: str | None
    everything: bool
    queue: str | None

    @classmethod
    def read(cls, ids: list[UUID] | None, cause: str | None, everything: bool, queue: str | None) -> "Choice":
        """Return a choice of one kind; raises WorkbenchError for none and for several."""
        if sum([bool(ids), cause is not None, everything]) != 1:
            raise WorkbenchError("Say which dead letters: --id (once or more), --cause, or --all. One of them.")
        return cls(ids or [], cause, everything, queue)

    def by_organisation(self, organisations: Organisations) -> dict[UUID, tuple[dict[str, Any], list[Group]]]:
        """Return the selection of each organisation that has some, and how many of what it is."""
        found = self._named(organisations) if self.ids else self._open_ones(organisations)
        return {org_id: (self._selection(ids), groups) for org_id, (ids, groups) in found.items()}

    def _selection(self, ids: list[str]) -> dict[str, Any]:
        parts = {"dead_letter_ids": ids or None, "cause": self.cause, "all": self.everything or None}
        given = parts | {"queue": self.queue}
        return {name: value for name, value in given.items() if value is not None}

    def _open_ones(self, organisations: Organisations) -> dict[UUID, tuple[list[str], list[Group]]]:
        query = {name: value for name, value in (("cause", self.cause), ("queue", self.queue)) if value}
        pages = {org_id: organisations.get(org_id, state="open", limit=1, **query) for org_id in organisations.org_ids}
        return {org_id: ([], page["groups"]) for org_id, page in pages.items() if page["groups"]}

    def _named(self, organisations: Organisations) -> dict[UUID, tuple[list[str], list[Group]]]:
        found: dict[UUID, tuple[list[str], list[Group]]] = {}
        for letter_id in self.ids:
            org_id, file = organisations.find(letter_id)
            ids, groups = found.setdefault(org_id, ([], []))
            ids.append(str(letter_id))
            groups.append(file["dead_letter"] | {"letter_count": 1})
        return found


def table_of(groups: Iterable[tuple[UUID, Group]]) -> Table:
    """Return a table of dead letters, counted by organisation, queue, cause and state."""
    counted: Counter[tuple[str, ...]] = Counter()
    events: Counter[tuple[str, ...]] = Counter()
    failed: dict[tuple[str, ...], tuple[str, str]] = {}
    for org_id, group in groups:
        key: tuple[str, ...] = (name_of(org_id), *(group[name] for name in ("queue", "cause", "error_code", "state")))
        counted[key] += group["letter_count"]
        events[key] += group["event_count"]
        first, last = failed.get(key, (group["first_failed_at"], group["last_failed_at"]))
        failed[key] = min(first, group["first_failed_at"]), max(last, group["last_failed_at"])
    table = Table(box=None, pad_edge=False)
    for name in ("organisation", "queue", "cause", "code", "state"):
        table.add_column(name, overflow="fold")
    for name in ("dead letters", "events"):
        table.add_column(name, justify="right")
    table.add_column("first failed")
    table.add_column("last failed")
    for key, number in counted.most_common():
        table.add_row(*key, f"{number:,}", f"{events[key]:,}", *map(moment, failed[key]))
    return table


def moment(text: str) -> str:
    """Return a time of the API's, to the second."""
    return text[:19].replace("T", " ")


def total_of(groups: Iterable[Group]) -> int:
    """Return how many dead letters groups have together."""
    return sum(group["letter_count"] for group in groups)


def confirm(console: Console, question: str, *, yes: bool) -> None:
    """Ask, unless told not to; ends the command when the answer is no, or when nobody is there to answer."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise WorkbenchError("Nobody is there to be asked. Give --yes, when you are sure.")
    if not typer.confirm(question, default=False, err=True):
        console.print("Nothing was done.")
        raise typer.Exit(1)
