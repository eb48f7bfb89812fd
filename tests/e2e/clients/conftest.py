"""A stack of its own for the public clients, which lets a website on another origin call it."""

from collections.abc import Iterator

import pytest

from tests.e2e.clients.flaky_proxy import FlakyProxy
from tests.e2e.clients.page_site import PageSite
from tests.e2e.conftest import OVERRIDES, free_port
from tests.e2e.people import Sent
from tests.e2e.sites import Site
from workbench.stack.state import StackState


@pytest.fixture(scope="session")
def pages() -> Iterator[PageSite]:
    """A website, on an origin of its own."""
    with PageSite(free_port()).serving() as serving:
        yield serving


@pytest.fixture(scope="session")
def overrides(pages: PageSite) -> dict[str, str]:
    """What is set otherwise than by default: the website may call the API from its pages."""
    return {**OVERRIDES, "AllowedOrigins": pages.origin}


@pytest.fixture
def proxy(state: StackState) -> Iterator[FlakyProxy]:
    """A proxy before the stack. Nothing fails until a test gives it a plan."""
    with FlakyProxy(state.http_url).serving() as serving:
        yield serving


@pytest.fixture
def site(state: StackState, sent: Sent) -> Site:
    """An organisation of the test's own."""
    return Site(state, sent)
