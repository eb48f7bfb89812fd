"""GET /api/migration-analytics: what an organisation's processes told of themselves, rolled up, and how they are."""

from datetime import datetime
from uuid import UUID

from rollcall import errors
from rollcall.contracts.identifiers import read_uuid
from rollcall.contracts.ingest.process import ProcessList, ProcessListQuery, ProcessWindowQuery
from rollcall.contracts.reports import OrganisationQuery
from rollcall.contracts.times import read_time
from rollcall.domain.reports.cursor import read_cursor, write_cursor
from rollcall.domain.reports.window import DayWindow
from rollcall.edge.http.router import Request, Response, Router
from rollcall.edge.routes import access
from rollcall.edge.runtime import clock
from rollcall.edge.wiring import reports as wiring_reports

READ = "admin:read"
OK = 200
DAYS = 7

router = Router()


@router.route("GET /api/migration-analytics/events")
def list_events(request: Request) -> Response:
    """Answer process events, newest first."""
    query = access.read_query_of(request, READ, ProcessListQuery)
    events = wiring_reports.process_store().list_process_events(
        query.org_id, _window(query), _read_after(query.cursor), query.limit
    )
    full = len(events) == query.limit
    after = write_cursor((events[-1].occurred_at.isoformat(), str(events[-1].event_id))) if full else None
    return Response.of(OK, ProcessList(org_id=query.org_id, events=events, next_cursor=after))


@router.route("GET /api/migration-analytics/rollup")
def get_rollup(request: Request) -> Response:
    """Answer what processes did over a window: the last seven days, unless it is named."""
    query = access.read_query_of(request, READ, ProcessWindowQuery)
    return Response.of(OK, wiring_reports.process_store().process_rollup(query.org_id, _window(query)))


@router.route("GET /api/migration-analytics/health")
def get_health(request: Request) -> Response:
    """Answer how processes have been over the last seven days."""
    query = access.read_query_of(request, READ, OrganisationQuery)
    return Response.of(OK, wiring_reports.process_store().process_health(query.org_id))


def _window(query: ProcessWindowQuery) -> DayWindow:
    return DayWindow.latest(query.from_day, query.to_day, clock.now().date(), DAYS)


def _read_after(cursor: str | None) -> tuple[datetime, UUID] | None:
    key = read_cursor(cursor, (str, str))
    if key is None:
        return None
    try:
        moment, event_id = read_time(str(key[0])), read_uuid(str(key[1]))
    except ValueError:
        raise errors.CursorInvalid from None
    if event_id is None:
        raise errors.CursorInvalid
    return moment, event_id
