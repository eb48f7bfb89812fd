"""/api/admin/dead-letters: look at dead letters, redrive them, follow that, discard them."""

from datetime import UTC, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from rollcall import errors
from rollcall.contracts.caller import Caller
from rollcall.contracts.dead_letters.letter import (
    AFTER,
    NOBODY,
    PAGE_DEFAULT,
    PAGE_MAX,
    Cause,
    DeadLetterPage,
    QueueName,
    State,
)
from rollcall.contracts.dead_letters.redrive import DiscardOrder, RedriveOrder, RedriveReport, RedriveView
from rollcall.contracts.operations import OperationRequest
from rollcall.domain.dead_letters import letters as dead_letters
from rollcall.edge.http.parse import read_model, read_path_id, read_query
from rollcall.edge.http.router import Request, Response, Router
from rollcall.edge.routes import access
from rollcall.edge.runtime import observe
from rollcall.edge.wiring import dead_letters as wiring_dead_letters
from rollcall.edge.wiring.operations import requests as wiring_operations
from rollcall.store.dead_letters.letters import LetterFilter

READ, WRITE, SUPER = "admin:read", "admin:write", "admin:super"
OK, ACCEPTED = 200, 202
DISCARDED_MAX = 5000  # within the time of one statement

# Paths of their own that take POST alone: API Gateway takes a GET of them for a dead letter's.
ACTIONS = frozenset({"discard", "redrive"})

router = Router()


class OrganisationQuery(BaseModel):
    """Whose it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    org_id: UUID = Field(description="The organisation; the nil UUID for what belongs to nobody known.")


class ListQuery(OrganisationQuery):
    """Which dead letters to list."""

    queue: QueueName | None = Field(None, description="Of this queue alone.")
    cause: Cause | None = Field(None, description="Of this cause alone.")
    state: State | None = Field(None, description="In this state alone.")
    limit: int = Field(PAGE_DEFAULT, ge=1, le=PAGE_MAX, description="How many at most.")
    after: str | None = Field(None, pattern=AFTER, description="`next_after` of a page.")


class ReportQuery(OrganisationQuery):
    """Which results to list."""

    limit: int = Field(PAGE_DEFAULT, ge=1, le=PAGE_MAX, description="How many at most.")
    after: UUID | None = Field(None, description="`next_after` of a page.")


@router.route("GET /api/admin/dead-letters")
def list_dead_letters(request: Request) -> Response:
    """Answer an organisation's dead letters, counted by cause, and the newest of them."""
    query = read_query(request, ListQuery)
    _administrator(request, READ, query.org_id)
    which = LetterFilter(query.queue, query.cause, query.state)
    groups, letters = wiring_dead_letters.dead_letter_store().list_dead_letters(
        query.org_id, which, _read_after(query.after), query.limit
    )
    last = letters[-1] if len(letters) == query.limit else None
    after = _write_after(last.last_failed_at, last.dead_letter_id) if last else None
    return Response.of(OK, DeadLetterPage(groups=groups, dead_letters=letters, next_after=after))


def _write_after(failed_at: datetime, letter_id: UUID) -> str:
    microseconds = int(failed_at.timestamp()) * 1_000_000 + failed_at.microsecond
    return f"{microseconds}.{letter_id}"


def _read_after(text: str | None) -> tuple[datetime, UUID] | None:
    if text is None:
        return None
    microseconds, _, letter_id = text.partition(".")
    seconds, microsecond = divmod(int(microseconds), 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=microsecond), UUID(letter_id)


@router.route("GET /api/admin/dead-letters/{dead_letter_id}")
def get_dead_letter(request: Request) -> Response:
    """Answer one dead letter: what the ledger has of it, its history, and its scrubbed body."""
    if request.path_parameters["dead_letter_id"] in ACTIONS:
        return Response.refusal(errors.MethodNotAllowed(), request.request_id, {"Allow": "POST"})
    query = read_query(request, OrganisationQuery)
    _administrator(request, READ, query.org_id)
    letter_id = read_path_id(request, "dead_letter_id", errors.DeadLetterUnknown)
    file = wiring_dead_letters.dead_letter_store().read_dead_letter(query.org_id, letter_id)
    if file is None:
        raise errors.DeadLetterUnknown
    return Response.of(OK, file.model_copy(update={"body": _body_of(file.dead_letter.archive_key)}))


def _body_of(archive_key: str | None) -> object:
    """Return an archived body; None where there is none, or none any more. Raises ObjectsUnavailable."""
    if archive_key is None:
        return None
    try:
        body = wiring_operations.archive_objects().get(archive_key).decode()
    except errors.ObjectMissing:
        return None
    try:
        return dead_letters.read_document(body)
    except ValueError:
        return body


@router.route("POST /api/admin/dead-letters/redrive")
def post_redrive(request: Request) -> Response:
    """Ask for a redrive: 202 with its operation; 409 while another one is active on the same source."""
    _holder(request, WRITE)
    order = read_model(request, RedriveOrder)
    caller = _administrator(request, WRITE, order.org_id)
    operation = wiring_operations.request_operation().request(
        OperationRequest(
            org_id=order.org_id,
            kind="redrive",
            source=order.selection.queue or "dead_letters",
            parameters={"selection": order.selection.model_dump(mode="json", exclude_none=True)},
            is_dry_run=order.dry_run,
            rate_per_second=order.rate_per_second,
            requested_by=access.requester(caller, order.org_id),
            reason=access.kept_reason(order.reason),
        )
    )
    observe.logger().info("redrive requested", extra={"operation_id": str(operation.operation_id)})
    return Response.of(ACCEPTED, RedriveView.of(operation))


@router.route("GET /api/admin/dead-letters/redrive/{operation_id}")
def get_redrive(request: Request) -> Response:
    """Answer how far a redrive is, and what it did with each message."""
    query = read_query(request, ReportQuery)
    _administrator(request, READ, query.org_id)
    operation_id = read_path_id(request, "operation_id", errors.OperationUnknown)
    operation = wiring_operations.request_operation().read("redrive", operation_id, [query.org_id])
    counts, results = wiring_dead_letters.dead_letter_store().list_redrive_results(
        query.org_id, operation_id, query.after, query.limit
    )
    after = results[-1].dead_letter_id if len(results) == query.limit else None
    report = RedriveReport(redrive=RedriveView.of(operation), messages=counts, results=results, next_after=after)
    return Response.of(OK, report)


@router.route("POST /api/admin/dead-letters/redrive/{operation_id}/cancel")
def cancel_redrive(request: Request) -> Response:
    """Cancel a redrive: at once, or after the chunk under way. What was sent stays sent."""
    query = read_query(request, OrganisationQuery)
    _administrator(request, WRITE, query.org_id)
    operation_id = read_path_id(request, "operation_id", errors.OperationUnknown)
    operation = wiring_operations.request_operation().cancel("redrive", operation_id, [query.org_id])
    observe.logger().info("redrive cancelled", extra={"operation_id": str(operation_id)})
    return Response.of(OK, RedriveView.of(operation))


@router.route("POST /api/admin/dead-letters/discard")
def post_discard(request: Request) -> Response:
    """Give up open dead letters, with a reason; their bodies stay in the archive for as long as any."""
    _holder(request, WRITE)
    order = read_model(request, DiscardOrder)
    caller = _administrator(request, WRITE, order.org_id)
    done = wiring_dead_letters.dead_letter_store().discard_dead_letters(
        order.org_id,
        order.selection,
        access.requester(caller, order.org_id),
        access.kept_reason(order.reason),
        dry_run=order.dry_run,
        limit=DISCARDED_MAX,
        until=order.until,
    )
    observe.logger().info("discarded", extra=done.model_dump())
    return Response.of(OK, done)


def _holder(request: Request, scope: str) -> Caller:
    """Return the caller, before anything of a body is read."""
    return access.administrator(request, scope)


def _administrator(request: Request, scope: str, org_id: UUID) -> Caller:
    """Return the caller, who may do this in this organisation. What belongs to nobody known is for admin:super."""
    if org_id == NOBODY:
        return access.administrator(request, SUPER)
    return access.administrator(request, scope, org_id=org_id)
