"""Fixtures shared by the tests without IO."""

import io
import itertools
import re
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from aws_lambda_powertools import Logger
from rollcall.contracts.jobs.job import QueueDepth
from rollcall.edge.runtime import observe, settings
from rollcall.edge.wiring import scrub as wiring_scrub
from rollcall.edge.wiring.operations import requests as wiring_operations
from rollcall.flows.health.backlog_gate import BacklogGate

if TYPE_CHECKING:
    from rollcall.errors import RollcallError


# Organisations, keys and gzip's time of writing differ from run to run: pytest's workers must agree on a test's id.
DRAWN = re.compile(r"[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}", re.IGNORECASE)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name a parameter that holds a drawn value by its argument's name."""
    is_drawn = isinstance(val, bytes) or (isinstance(val, str) and DRAWN.search(val) is not None)
    return argname if is_drawn else None


@pytest.fixture(autouse=True)
def fresh_settings() -> Iterator[None]:
    """Let no test see the settings of another."""
    settings.current.cache_clear()
    yield
    settings.current.cache_clear()


class Spool:
    """The spool's depth, as a test sets it."""

    def __init__(self) -> None:
        self.depth = QueueDepth(waiting_count=0, in_flight_count=0, delayed_count=0)
        self.fault: RollcallError | None = None
        self.asked = 0

    def __call__(self) -> QueueDepth:
        """Answer it, or raise the fault."""
        self.asked += 1
        if self.fault:
            raise self.fault
        return self.depth


@pytest.fixture(autouse=True)
def spool(monkeypatch: pytest.MonkeyPatch) -> Spool:
    """Nothing is spooled unless a test says so; a batch more than three is too many."""
    found = Spool()
    gate = BacklogGate(found, 3, itertools.count(step=10).__next__)
    monkeypatch.setattr(wiring_operations, "backlog_gate", lambda: gate)
    return found


@pytest.fixture
def pseudonym(monkeypatch: pytest.MonkeyPatch) -> str:
    """The pseudonym of every subject that is no UUID: tests have no key."""
    made = "0f" * 16
    monkeypatch.setattr(
        wiring_scrub, "pseudonymiser_of", lambda _org_id: SimpleNamespace(pseudonym=lambda _subject: made)
    )
    return made


@pytest.fixture
def logged(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """Return a function that returns all log lines and metrics so far."""
    lines = io.StringIO()
    # A name of its own: Powertools keeps one output a name for the life of the process.
    logger = Logger(service=f"test-{uuid4()}", stream=lines)
    monkeypatch.setattr(observe, "logger", lambda: logger)

    def read() -> str:
        captured = capsys.readouterr()
        return lines.getvalue() + captured.out + captured.err

    return read
