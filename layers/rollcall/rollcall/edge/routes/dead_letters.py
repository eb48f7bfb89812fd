"""/api/admin/dead-letters: list dead letters, redrive them, follow a redrive, discard them."""

from datetime import UTC, datetime
from uuid import UUID

from rollcall import errors
from rollcall.contracts.dead_letters.letter import DeadLetterFile, DeadLetterPage
from rollcall.contracts.dead_letters.queries import ListQuery, OrganisationQuery, ReportQuery
from rollcall.contracts.dead_letters.redrive import Discarding, DiscardOrder, RedriveOrder, RedriveReport, RedriveView
from rollcall.contracts.operations import OperationRequest
from rollcall.domain.dead_letters import letters as dead_letters
from rollcall.edge.http.messages import Request, Response
from rollcall.edge.http.parse import read_path_id
from rollcall.edge.http.route import (
    ACCEPTED,
    ACTIVE,
    NOT_FOUND,
    OK,
    READ,
    SUPER,
    WRITE,
    Answer,
    Route,
    uuid_in_path,
)
from rollcall.edge.http.router import Router
from rollcall.edge.routes import access
from rollcall.edge.runtime import observe
from rollcall.edge.wiring import dead_letters as wiring_dead_letters
from rollcall.edge.wiring.operations import requests as wiring_operations
from rollcall.store.dead_letters.letters import LetterFilter

DISCARDED_MAX = 5000  # within the time of one statement

REDRIVE_ID = uuid_in_path("operation_id", "The redrive.")

router = Router()


@router.route(
    Route(
        "GET /api/admin/dead-letters",
        operation_id="listDeadLetters",
        summary="List an organisation's dead letters",
        description="Counts of dead letters by cause, and the newest dead letters.",
        scope=READ,
        nil_scope=SUPER,
        query=ListQuery,
        answers={OK: Answer("The dead letters.", DeadLetterPage)},
    )
)
def list_dead_letters(_request: Request, query: ListQuery) -> Response:
    """Answer an organisation's dead letters."""
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


@router.route(
    Route(
        "GET /api/admin/dead-letters/{dead_letter_id}",
        operation_id="getDeadLetter",
        summary="Read one dead letter",
        description="The ledger's entry, its history, and the scrubbed body.",
        scope=READ,
        nil_scope=SUPER,
        parameters=(uuid_in_path("dead_letter_id", "The dead letter."),),
        query=OrganisationQuery,
        answers={OK: Answer("The dead letter.", DeadLetterFile)},
        problems=NOT_FOUND,
    )
)
def get_dead_letter(request: Request, query: OrganisationQuery) -> Response:
    """Answer one dead letter."""
    letter_id = read_path_id(request, "dead_letter_id", errors.DeadLetterUnknown)
    file = wiring_dead_letters.dead_letter_store().read_dead_letter(query.org_id, letter_id)
    if file is None:
        raise errors.DeadLetterUnknown
    return Response.of(OK, file.model_copy(update={"body": _body_of(file.dead_letter.archive_key)}))


def _body_of(archive_key: str | None) -> object:
    """Return an archived body; None where the archive has no body, or has it no more. Raises ObjectsUnavailable."""
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


@router.route(
    Route(
        "POST /api/admin/dead-letters/redrive",
        operation_id="postRedrive",
        summary="Redrive dead letters",
        description="Sends dead letters back to their queues at a capped rate, scrubbed under the current policy. The "
        "work goes on in the background. Running it twice stores nothing twice.",
        scope=WRITE,
        nil_scope=SUPER,
        body=RedriveOrder,
        answers={ACCEPTED: Answer("The redrive is queued.", RedriveView)},
        problems=ACTIVE,
    )
)
def post_redrive(request: Request, order: RedriveOrder) -> Response:
    """Ask for a redrive."""
    operation = wiring_operations.request_operation().request(
        OperationRequest(
            org_id=order.org_id,
            kind="redrive",
            source=order.selection.queue or "dead_letters",
            parameters={"selection": order.selection.model_dump(mode="json", exclude_none=True)},
            is_dry_run=order.dry_run,
            rate_per_second=order.rate_per_second,
            requested_by=access.requester(request.caller, order.org_id),
            reason=access.kept_reason(order.reason),
        )
    )
    observe.logger().info("redrive requested", extra={"operation_id": str(operation.operation_id)})
    return Response.of(ACCEPTED, RedriveView.of(operation))


@router.route(
    Route(
        "GET /api/admin/dead-letters/redrive/{operation_id}",
        operation_id="getRedrive",
        summary="Follow a redrive",
        description="State and counts of the redrive, and the result of each message, page by page.",
        scope=READ,
        nil_scope=SUPER,
        parameters=(REDRIVE_ID,),
        query=ReportQuery,
        answers={OK: Answer("The redrive.", RedriveReport)},
        problems=NOT_FOUND,
    )
)
def get_redrive(request: Request, query: ReportQuery) -> Response:
    """Answer a redrive's progress, and its result for each message."""
    operation_id = read_path_id(request, "operation_id", errors.OperationUnknown)
    operation = wiring_operations.request_operation().read("redrive", operation_id, [query.org_id])
    counts, results = wiring_dead_letters.dead_letter_store().list_redrive_results(
        query.org_id, operation_id, query.after, query.limit
    )
    after = results[-1].dead_letter_id if len(results) == query.limit else None
    report = RedriveReport(redrive=RedriveView.of(operation), messages=counts, results=results, next_after=after)
    return Response.of(OK, report)


@router.route(
    Route(
        "POST /api/admin/dead-letters/redrive/{operation_id}/cancel",
        operation_id="cancelRedrive",
        summary="Cancel a redrive",
        description="The redrive ends at once, or after the current chunk. Messages that were sent stay sent.",
        scope=WRITE,
        nil_scope=SUPER,
        parameters=(REDRIVE_ID,),
        query=OrganisationQuery,
        answers={OK: Answer("The redrive as it is now.", RedriveView)},
        problems=NOT_FOUND,
    )
)
def cancel_redrive(request: Request, query: OrganisationQuery) -> Response:
    """Cancel a redrive."""
    operation_id = read_path_id(request, "operation_id", errors.OperationUnknown)
    operation = wiring_operations.request_operation().cancel("redrive", operation_id, [query.org_id])
    observe.logger().info("redrive cancelled", extra={"operation_id": str(operation_id)})
    return Response.of(OK, RedriveView.of(operation))


@router.route(
    Route(
        "POST /api/admin/dead-letters/discard",
        operation_id="discardDeadLetters",
        summary="Discard dead letters",
        description="Gives up open dead letters, with a reason. A dry run only counts them.",
        scope=WRITE,
        nil_scope=SUPER,
        waits_for_backlog=True,
        body=DiscardOrder,
        answers={OK: Answer("The number of dead letters.", Discarding)},
    )
)
def post_discard(request: Request, order: DiscardOrder) -> Response:
    """Give up open dead letters. Their bodies stay in the archive until the archive's lifetime ends."""
    done = wiring_dead_letters.dead_letter_store().discard_dead_letters(
        order.org_id,
        order.selection,
        access.requester(request.caller, order.org_id),
        access.kept_reason(order.reason),
        dry_run=order.dry_run,
        limit=DISCARDED_MAX,
        until=order.until,
    )
    observe.logger().info("discarded", extra=done.model_dump())
    return Response.of(OK, done)
