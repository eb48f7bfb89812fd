"""Tickets for sockets: issues one over HTTP for a token, and checks it when a socket connects."""

from typing import Any

from rollcall import errors
from rollcall.contracts.sockets.connection import TICKET_SECONDS, Ticket
from rollcall.edge.http import identity
from rollcall.edge.http.messages import Request, Response
from rollcall.edge.http.route import CREATED, Answer, Route
from rollcall.edge.http.router import Router
from rollcall.edge.runtime import observe, settings
from rollcall.edge.wiring.sockets import tables as wiring_sockets

router = Router()


@router.route(
    Route(
        "POST /api/socket/tickets",
        operation_id="postSocketTicket",
        summary="Get a ticket for a socket",
        description=f"The ticket opens one socket, once, within {TICKET_SECONDS} seconds, for the bearer of this "
        "token. The socket ends with the token. Any token will do. The request has no body.",
        answers={CREATED: Answer("The ticket, and the address of the socket.", Ticket)},
    )
)
def post_ticket(request: Request) -> Response:
    """Issue a ticket that opens one socket, once, within TICKET_SECONDS."""
    ticket = wiring_sockets.tickets().issue(request.caller)
    url = settings.current().need("socket_url")
    return Response.of(CREATED, Ticket(ticket=ticket, expires_in_seconds=TICKET_SECONDS, url=url))


@observe.entry
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answer API Gateway: issue a ticket, or as the authorizer of the WebSocket API, check one."""
    if event.get("type") == "REQUEST":
        return _authorise(event)
    response = router.answer(event)
    observe.logger().info("answered", extra={"status": response["statusCode"]})
    return response


def _authorise(event: dict[str, Any]) -> dict[str, Any]:
    """Use up the ticket. While its table cannot be reached this raises, and API Gateway answers 500."""
    origin = {name.lower(): value for name, value in (event.get("headers") or {}).items()}.get("origin")
    ticket = (event.get("queryStringParameters") or {}).get("ticket") or ""
    try:
        caller = wiring_sockets.tickets().take(ticket, origin)
    except (errors.Unauthorized, errors.Forbidden) as refusal:
        observe.logger().info("refused", extra={"code": refusal.code})
        return _policy("Deny", event["methodArn"], {})
    observe.logger().info("admitted", extra={"role": caller.role, "organisations": len(caller.org_ids)})
    return _policy("Allow", event["methodArn"], identity.context_of(caller))


def _policy(effect: str, arn: str, context: dict[str, Any]) -> dict[str, Any]:
    return {
        # A constant, not the caller's name: API Gateway writes it into its logs and metrics.
        "principalId": "ticket",
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Effect": effect, "Action": "execute-api:Invoke", "Resource": arn}],
        },
        "context": context,
    }
