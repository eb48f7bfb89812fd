"""One deployed stack for all end-to-end tests, and what speaks to it."""

import socket
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests import scratch
from tests.e2e.browser import headless
from tests.e2e.cloud import Cloud
from tests.e2e.database import Database
from tests.e2e.people import Api, Sent
from workbench.checkout import Checkout, here
from workbench.commands.tokens import TokenSigner
from workbench.stack.local import LocalStack
from workbench.stack.ports import LOOPBACK
from workbench.stack.state import StackState

# A test that waits for a change of health waits for a second, not for ten.
OVERRIDES = {"HealthStreamIntervalMs": "1000"}
HIDDEN_SECONDS = {"analytics": 40, "spool": 40, "operations": 70}  # longer than their functions may take


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let modules that end something (or look back at everything) say so: a module's TURN is 0 unless it says more."""
    items.sort(key=lambda item: getattr(getattr(item, "module", None), "TURN", 0))


def free_port() -> int:
    """Return a free port of this machine."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def overrides() -> dict[str, str]:
    """What is set otherwise than by default."""
    return OVERRIDES


@pytest.fixture(scope="session")
def stack(overrides: dict[str, str]) -> Iterator[LocalStack]:
    """The stack of these tests, in a folder of their own: a developer's own stack is not touched."""
    with scratch.folder("rollcall-e2e-") as home:
        local = LocalStack(Checkout(root=here().root, home=home), overrides=overrides)
        try:
            # The preferred ports belong to the developer's own stack, which may be about to start.
            local.up(print, http_port=free_port(), database_port=free_port())
            yield local
        finally:
            local.down(print)


@pytest.fixture(scope="session")
def state(stack: LocalStack) -> StackState:
    """Where the stack can be reached."""
    running = stack.running()
    assert running is not None
    return running


@pytest.fixture(scope="session")
def sent() -> Sent:
    """What the tests sent about people: nothing of it may be found in a log."""
    return Sent()


@pytest.fixture(scope="session")
def api(state: StackState, sent: Sent) -> Iterator[Api]:
    """The deployed API, over HTTP."""
    with Api.at(state.http_url, TokenSigner(state), sent) as opened:
        yield opened


@pytest.fixture(scope="session")
def database(state: StackState) -> Database:
    """The stack's database, as its administrator sees it."""
    return Database(state.dsn)


@pytest.fixture(scope="session")
def cloud(state: StackState) -> Cloud:
    """The emulated services beside the API; what a killed worker held is handed out again sooner than on AWS."""
    opened = Cloud(state)
    for queue, seconds in HIDDEN_SECONDS.items():
        opened.hide(queue, seconds)
    return opened


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless browser, for a module: while it runs, nothing else can use asyncio in this thread."""
    with headless() as started:
        yield started
