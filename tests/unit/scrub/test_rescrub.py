"""Re-scrubbing a stored day: in chunks, counted, and with nothing left to do the second time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NoReturn, cast
from uuid import UUID, uuid4

import pytest
from rollcall.contracts.ingest.analytics import ScrubbedEvent
from rollcall.contracts.operations import Operation
from rollcall.contracts.retention.snapshot import SnapshotFile
from rollcall.contracts.scrub.policy import PolicyAdditions
from rollcall.domain.keyring import Keyring
from rollcall.domain.scrub.policy import policy_with
from rollcall.domain.scrub.pseudonym import Pseudonymiser
from rollcall.domain.scrub.scrubber import Scrubber
from rollcall.errors import ScrubFailed
from rollcall.flows.operations.work import Chunk
from rollcall.flows.scrub.events import Scrubbing
from rollcall.flows.scrub.rescrub import Rescrub

from tests.builders import NOW, ORG, scrubbed_event
from tests.unit.ingest.test_collect_flow import KEYRING

POLICY = policy_with(PolicyAdditions(drop=("score",)))


class NoSnapshots:
    """A day that is live."""

    def withdraw(self, *_arguments: object) -> int:
        """Find nothing to withdraw."""
        return 0

    def files(self, *_arguments: object, **_options: object) -> list[SnapshotFile]:
        """Return no file."""
        return []

    @property
    def pending(self) -> "NoSnapshots":
        """The same."""
        return self


NO_SNAPSHOTS = cast("Any", NoSnapshots())


def scrubbing_of(org_id: UUID) -> Scrubbing:
    pseudonymiser = Pseudonymiser(KEYRING, org_id)
    return Scrubbing(Scrubber(POLICY, pseudonymiser), pseudonymiser, POLICY)


@dataclass
class StoredDay:
    """One day of an organisation, in memory."""

    events: list[ScrubbedEvent]
    key_id: str = "k1"
    current: set[UUID] = field(default_factory=set)
    writes: int = 0

    def count_outdated(self, _org_id: UUID, _day: date, _policy_version: str) -> int:
        """Count what another policy scrubbed."""
        return len(self._outdated())

    def read_outdated(
        self, _org_id: UUID, _day: date, _policy_version: str, after: tuple[datetime, UUID] | None, limit: int
    ) -> list[tuple[str, ScrubbedEvent]]:
        """Return the next ones."""
        left = [event for event in self._outdated() if after is None or (event.occurred_at, event.event_id) > after]
        return [(self.key_id, event) for event in left[:limit]]

    def rewrite_analytics(self, _org_id: UUID, _policy_version: str, events: Sequence[ScrubbedEvent]) -> None:
        """Take them over."""
        self.writes += 1
        new = {event.event_id: event for event in events}
        self.events = [new.get(event.event_id, event) for event in self.events]
        self.current |= new.keys()

    def _outdated(self) -> list[ScrubbedEvent]:
        return [event for event in self.events if event.event_id not in self.current]


def day(count: int) -> StoredDay:
    return StoredDay(
        [
            scrubbed_event(occurred_at=NOW + timedelta(seconds=n), properties={"score": n, "attempt": 1}, remarks=[])
            for n in range(count)
        ]
    )


def operation(*, is_dry_run: bool = False) -> Operation:
    return Operation(
        org_id=ORG,
        operation_id=uuid4(),
        kind="scrub",
        source=NOW.date().isoformat(),
        requested_by="somebody",
        state="running",
        requested_at=NOW,
        is_dry_run=is_dry_run,
    )


def run(stored: StoredDay, asked: Operation, units_max: int | None = None) -> Operation:
    """Do chunk after chunk, as the engine does."""
    step, chunk = Rescrub(stored, scrubbing_of, NO_SNAPSHOTS), Chunk(units_max, uuid4(), 30)
    while True:
        done = step(asked, chunk)
        counts = {name: asked.counts.get(name, 0) + done.counts.get(name, 0) for name in {*asked.counts, *done.counts}}
        asked = asked.model_copy(update={"counts": counts, "cursor": done.cursor})
        if done.is_done:
            return asked


@pytest.mark.parametrize("units_max", [None, 1, 7, 1000])
def test_a_day_is_scrubbed_again_in_chunks(units_max: int | None) -> None:
    """Whatever their size, each event once."""
    stored = day(20)
    done = run(stored, operation(), units_max)
    assert done.counts == {"total": 20, "done": 20, "changed": 20, "unchanged": 0, "failed": 0}
    assert {tuple(event.properties) for event in stored.events} == {("attempt",)}
    assert all(event.remarks for event in stored.events)


def test_doing_it_again_finds_nothing_to_do() -> None:
    """Every row bears the policy that it was scrubbed by."""
    stored = day(5)
    run(stored, operation())
    writes = stored.writes
    assert run(stored, operation()).counts["done"] == 0
    assert stored.writes == writes


def test_a_dry_run_counts_the_same_and_writes_nothing() -> None:
    """So that it can be looked at first."""
    stored = day(9)
    before = list(stored.events)
    assert run(stored, operation(is_dry_run=True), 4).counts == run(day(9), operation(), 4).counts
    assert stored.events == before


def test_what_cannot_be_scrubbed_keeps_nothing_but_its_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """It was accepted, so it stays counted; nothing of what it said may stay."""

    def fail(*_arguments: object) -> NoReturn:
        raise ScrubFailed

    monkeypatch.setattr(Scrubber, "scrub_properties", fail)
    stored = day(3)
    assert run(stored, operation()).counts["failed"] == 3
    assert [event.properties for event in stored.events] == [{}] * 3
    assert stored.events[0].remarks[-1] == ("*", "scrub_failed", "remove")


@pytest.mark.parametrize(("keys", "made_with"), [(("k1", "k2"), "k1"), (("k2",), "k2")])
def test_a_row_keeps_to_its_key_after_a_rotation(keys: tuple[str, ...], made_with: str) -> None:
    """New pseudonyms join with those that the row has; only where its key is gone is another one used."""
    keyring = Keyring("k2", {key: f"the secret of {key}, of more than 32 characters" for key in keys})
    policy = policy_with(PolicyAdditions(pseudonymise=("score",)))
    in_use = Pseudonymiser(keyring, ORG)
    scrubbing = Scrubbing(Scrubber(policy, in_use), in_use, policy)
    stored = day(1)
    Rescrub(stored, lambda _org_id: scrubbing, NO_SNAPSHOTS)(operation(), Chunk(None, uuid4(), 30))
    score = str(day(1).events[0].properties["score"])
    assert stored.events[0].properties["score"] == in_use.for_key(made_with).pseudonym(score)
