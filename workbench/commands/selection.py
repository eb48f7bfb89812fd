"""The selection of dead letters on the command line, and the confirmation."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table
from rollcall.contracts.dead_letters.letter import Cause

from workbench.commands.organisations import Organisations, name_of
from workbench.errors import WorkbenchError

Group = dict[str, Any]

IdsOption = Annotated[list[UUID] | None, typer.Option("--id", help="A dead letter's id; repeat for several.")]
CauseOption = Annotated[Cause | None, typer.Option(help="All open dead letters of this cause.")]
AllOption = Annotated[bool, typer.Option("--all", help="All open dead letters.")]
QueueOption = Annotated[str | None, typer.Option(help="Only those of this queue: spool or analytics.")]
ReasonOption = Annotated[str, typer.Option(help="The reason, for the audit. No names of people.", show_default=False)]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")]


@dataclass(frozen=True)
class Choice:
    """The selection on the command line."""

    ids: list[UUID]
    cause: str | None
    everything: bool
    queue: str | None

    @classmethod
    def read(cls, ids: list[UUID] | None, cause: str | None, everything: bool, queue: str | None) -> "Choice":
        """Return the selection; raises WorkbenchError unless it is of exactly one kind."""
        if sum([bool(ids), cause is not None, everything]) != 1:
            raise WorkbenchError("Select dead letters by one of --id (once or more), --cause or --all.")
        return cls(ids or [], cause, everything, queue)

    def by_organisation(self, organisations: Organisations) -> dict[UUID, tuple[dict[str, Any], list[Group]]]:
        """Return for each organisation with such dead letters the selection, and their counts."""
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


def tell(console: Console, org_id: UUID, groups: Iterable[Group]) -> None:
    """Print an organisation's dead letters, counted by queue, cause and state. Fits 80 columns."""
    table = Table(box=None, pad_edge=False)
    for name in ("queue", "cause", "state"):
        table.add_column(name, overflow="fold")
    for name in ("letters", "events"):
        table.add_column(name, justify="right")
    table.add_column("last failed")
    for group in _merged(groups):
        numbers = (f"{group[name]:,}" for name in ("letter_count", "event_count"))
        table.add_row(group["queue"], cause_of(group), group["state"], *numbers, moment(group["last_failed_at"]))
    console.print(f"[bold]{name_of(org_id)}[/bold]", soft_wrap=True)
    console.print(table)


def _merged(groups: Iterable[Group]) -> list[Group]:
    """Group dead letters that were named by id, by queue, cause and state."""
    merged: dict[tuple[str, ...], Group] = {}
    for group in groups:
        known = merged.setdefault(
            (group["queue"], cause_of(group), group["state"]), group | {"letter_count": 0, "event_count": 0}
        )
        known["letter_count"] += group["letter_count"]
        known["event_count"] += group["event_count"]
        known["last_failed_at"] = max(known["last_failed_at"], group["last_failed_at"])
    return sorted(merged.values(), key=lambda group: -int(group["letter_count"]))


def cause_of(group: Group) -> str:
    """Return a cause, with the error code if it adds information."""
    cause, code = str(group["cause"]), str(group["error_code"])
    return cause if code.startswith(cause) else f"{cause} ({code})"


def moment(text: str) -> str:
    """Return a time from the API to the minute, in UTC."""
    return text[:16].replace("T", " ")


def total_of(groups: Iterable[Group]) -> int:
    """Return the number of dead letters in these groups."""
    return sum(group["letter_count"] for group in groups)


def is_interactive() -> bool:
    """Return whether a person can answer at the terminal."""
    return sys.stdin.isatty()


def confirm(console: Console, question: str, *, yes: bool) -> None:
    """Ask for confirmation unless `yes` is set. End the command when the answer is no, or without a terminal."""
    if yes:
        return
    if not is_interactive():
        raise WorkbenchError("Cannot ask for confirmation without a terminal. Use --yes to confirm.")
    if not typer.confirm(question, default=False, err=True):
        console.print("Cancelled. Nothing was changed.")
        raise typer.Exit(1)
