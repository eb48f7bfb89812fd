"""Signals: the health monitor learns at once that the database went or came back, and no caller waits for that."""

import json
from datetime import UTC, datetime

import pytest
from rollcall.edge.runtime import settings
from rollcall.edge.wiring import environment
from rollcall.edge.wiring.signalling_database import SignallingDatabase
from rollcall.errors import QueueUnavailable, StoreUnavailable
from rollcall.flows.health.signal import INTERVAL_SECONDS, Signals
from rollcall.store.connection import Database, DatabaseAddress

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Watch:
    """The signal queue, and a clock."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.reported: list[str] = []
        self.seconds = 0.0
        self.is_away = False
        self.tries = 0
        self.signals = Signals("progress", self.take, self.reported.append, lambda: NOW, lambda: self.seconds)

    def take(self, text: str) -> None:
        """Queue a message."""
        self.tries += 1
        if self.is_away:
            raise QueueUnavailable
        self.texts.append(text)

    @property
    def seen(self) -> list[str]:
        """The signals sent, in order."""
        return [json.loads(text)["seen"] for text in self.texts]


def test_each_change_is_told_once() -> None:
    """However often the same is seen, and nothing at all where all is well."""
    watch = Watch()
    watch.signals.database_reachable()
    assert watch.tries == 0
    for _ in range(3):
        watch.signals.database_unreachable()
        watch.seconds += 60
    for _ in range(3):
        watch.signals.database_reachable()
        watch.seconds += 60
    assert watch.seen == ["database_unreachable", "database_reachable"]
    assert json.loads(watch.texts[0]) == {
        "seen": "database_unreachable",
        "seen_at": "2026-11-21T12:00:00Z",
        "service": "progress",
    }


def test_a_database_that_comes_and_goes_is_told_of_every_five_seconds() -> None:
    """The next function that sees the final state sends it."""
    watch = Watch()
    for _ in range(100):
        watch.signals.database_unreachable()
        watch.signals.database_reachable()
    assert watch.seen == ["database_unreachable"]
    watch.seconds = INTERVAL_SECONDS
    watch.signals.database_reachable()
    assert watch.seen == ["database_unreachable", "database_reachable"]


def test_a_queue_that_is_away_as_well_is_reported_and_nothing_is_raised() -> None:
    """It is tried again after a while, and not with each batch."""
    watch = Watch()
    watch.is_away = True
    for _ in range(100):
        watch.signals.database_unreachable()
    assert (watch.tries, watch.reported) == (1, ["queue_unavailable"])
    watch.is_away, watch.seconds = False, INTERVAL_SECONDS
    watch.signals.database_unreachable()
    assert watch.seen == ["database_unreachable"]


def test_whoever_calls_the_database_tells_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it raises is raised all the same, what it answers is answered."""
    watch = Watch()
    is_away = True

    def run(*_arguments: object, **_named: object) -> tuple[int]:
        if is_away:
            raise StoreUnavailable
        return (1,)

    monkeypatch.setattr(Database, "run", run)
    address = DatabaseAddress("host", 1, "name", "disable", lambda: ("", ""))
    database = SignallingDatabase(address, 1, watch.signals)
    with pytest.raises(StoreUnavailable):
        database.run("select 1")
    is_away, watch.seconds = False, INTERVAL_SECONDS
    assert database.run("select 1") == (1,)
    assert watch.seen == ["database_unreachable", "database_reachable"]


@pytest.mark.parametrize(("queue_url", "kind"), [("", Database), ("http://127.0.0.1/signal", SignallingDatabase)])
def test_functions_with_a_signal_queue_tell(
    queue_url: str, kind: type[Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others do not: watch finds out by itself."""
    chosen = settings.Settings(signal_queue_url=queue_url, database_host="h", database_secret_arn="arn")
    monkeypatch.setattr(settings, "current", lambda: chosen)
    assert type(environment.database.__wrapped__()) is kind
