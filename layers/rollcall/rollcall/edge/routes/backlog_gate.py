"""Holds routes back while more batches are spooled than the limit allows."""

from collections.abc import Mapping

from rollcall.edge.held_back import HELD_BACK
from rollcall.edge.http.router import Request, Response, Route
from rollcall.edge.routes import access
from rollcall.edge.wiring.operations import requests as wiring_operations


def check_backlog() -> None:
    """Raise BacklogExceeded while more batches are spooled than BACKLOG_LIMIT, QueueUnavailable when nobody knows."""
    wiring_operations.hold_back().check()


def hold_back(routes: Mapping[str, Route]) -> dict[str, Route]:
    """Return these routes, those of the list behind the check."""
    held = {key: _behind_check(routes[key], scope) for key, scope in HELD_BACK.items() if key in routes}
    return {**routes, **held}


def _behind_check(answer: Route, scope: str) -> Route:
    def checked(request: Request) -> Response:
        access.administrator(request, scope)
        check_backlog()
        return answer(request)

    return checked
