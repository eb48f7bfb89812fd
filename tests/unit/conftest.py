"""What the tests without IO share."""

import io
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from uuid import uuid4

import pytest
from aws_lambda_powertools import Logger
from rollcall.edge import observe, settings, wiring_operations, wiring_scrub


@pytest.fixture(autouse=True)
def fresh_settings() -> Iterator[None]:
    """Let no test see the settings of another."""
    settings.current.cache_clear()
    yield
    settings.current.cache_clear()


@pytest.fixture(autouse=True)
def nothing_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the spool be empty: tests have no queue. What holds routes back is tested by itself."""
    monkeypatch.setattr(wiring_operations, "hold_back", lambda: SimpleNamespace(check=lambda: None))


@pytest.fixture
def pseudonym(monkeypatch: pytest.MonkeyPatch) -> str:
    """What every subject becomes that is no UUID: tests have no key."""
    made = "0f" * 16
    monkeypatch.setattr(
        wiring_scrub, "pseudonymiser_of", lambda _org_id: SimpleNamespace(pseudonym=lambda _subject: made)
    )
    return made


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """Return a function that tells all that was logged and measured so far."""
    lines = io.StringIO()
    # A name of its own: Powertools keeps one output a name for the life of the process.
    logger = Logger(service=f"test-{uuid4()}", stream=lines)
    monkeypatch.setattr(observe, "logger", lambda: logger)

    def read() -> str:
        captured = capsys.readouterr()
        return lines.getvalue() + captured.out + captured.err

    return read
