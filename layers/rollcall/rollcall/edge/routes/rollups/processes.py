"""GET /api/migration-analytics: an organisation's process events, their rollup, and the health of its processes."""

from datetime import datetime
from uuid import UUID

from rollcall import errors
from rollcall.contracts.identifiers import read_uuid
from rollcall.contracts.ingest.process import (
    ProcessHealth,
    ProcessList,
    ProcessListQuery,
    ProcessRollup,
    ProcessWindowQuery,
)
from rollcall.contracts.reports import OrganisationQuery
from rollcall.contracts.times import read_time
from rollcall.domain.reports.cursor import read_cursor, write_cursor
from rollcall.domain.reports.window import DayWindow
from rollcall.edge.http.messages import Request, Response
from rollcall.edge.http.route import OK, READ, Answer, Route
from rollcall.edge.http.router import Router
from rollcall.edge.runtime import clock
from rollcall.edge.wiring import reports as wiring_reports

DAYS = 7
WEEK = "The window is the last 7 days unless the query names one, and at most 366 days."

router = Router()


@router.route(
    Route(
        "GET /api/migration-analytics/events",
        operation_id="listProcessEvents",
        summary="List process events",
        description=f"Newest first. {WEEK}",
        scope=READ,
        query=ProcessListQuery,
        answers={OK: Answer("The events.", ProcessList)},
    )
)
def list_events(_request: Request, query: ProcessListQuery) -> Response:
    """Answer process events, newest first."""
    events = wiring_reports.process_store().list_process_events(
        query.org_id, _window(query), _read_after(query.cursor), query.limit
    )
    full = len(events) == query.limit
    after = write_cursor((events[-1].occurred_at.isoformat(), str(events[-1].event_id))) if full else None
    return Response.of(OK, ProcessList(org_id=query.org_id, events=events, next_cursor=after))


@router.route(
    Route(
        "GET /api/migration-analytics/rollup",
        operation_id="getProcessRollup",
        summary="Read the rollup of process events",
        description=f"Counts, durations, success and retry rates, costs. {WEEK}",
        scope=READ,
        query=ProcessWindowQuery,
        answers={OK: Answer("The rollup.", ProcessRollup)},
    )
)
def get_rollup(_request: Request, query: ProcessWindowQuery) -> Response:
    """Answer the rollup of process events over a window."""
    return Response.of(OK, wiring_reports.process_store().process_rollup(query.org_id, _window(query)))


@router.route(
    Route(
        "GET /api/migration-analytics/health",
        operation_id="getProcessHealth",
        summary="Read the health of processes",
        description="Over the last seven days.",
        scope=READ,
        query=OrganisationQuery,
        answers={OK: Answer("The health of the processes.", ProcessHealth)},
    )
)
def get_health(_request: Request, query: OrganisationQuery) -> Response:
    """Answer the health of processes over the last seven days."""
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
