"""What the tests without IO share."""

import logging
import sys
from collections.abc import Callable, Iterator

import pytest
from rollcall.edge import observe, settings


@pytest.fixture(autouse=True)
def fresh_settings() -> Iterator[None]:
    """Let no test see the settings of another."""
    settings.current.cache_clear()
    yield
    settings.current.cache_clear()


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    """Return a function that tells all that was logged and measured since it was last called."""
    observe.logger()
    # Powertools keeps one handler a service, bound to the output of whichever test logged first.
    for handler in logging.getLogger("rollcall").handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.stream = sys.stdout  # not setStream: it flushes the old one, which may be closed

    def read() -> str:
        captured = capsys.readouterr()
        return captured.out + captured.err

    return read
