"""Which routes wait until a backlog has drained: bulk work and what destroys. The one list of them."""

from collections.abc import Mapping

from rollcall.edge import access, wiring_operations
from rollcall.edge.http import Request, Response, Route

WRITE, BREAKGLASS = "admin:write", "admin:breakglass"

# The scope is asked for first: who may not do it at all is not told of the backlog.
HELD_BACK: Mapping[str, str] = {
    "POST /api/admin/courses/{course_id}/assign": WRITE,
    "POST /api/admin/dead-letters/discard": WRITE,
    "POST /api/admin/privacy/erase": WRITE,
    "POST /api/admin/purge": BREAKGLASS,
    "POST /api/admin/rollups/rebuilds": WRITE,
    "POST /api/admin/scrub/runs": WRITE,
    "POST /api/admin/snapshots/restore": WRITE,
}


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
