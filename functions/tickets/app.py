"""Tickets for sockets: issues one over HTTP for a token, and checks it when a socket connects."""

from typing import Any

from rollcall import errors
from rollcall.contracts.sockets.connection import TICKET_SECONDS, Ticket
from rollcall.edge.http import identity
from rollcall.edge.http.router import Request, Response, Router
from rollcall.edge.runtime import clock, observe, settings
from rollcall.edge.wiring.sockets import tables as wiring_sockets

CREATED = 201

router = Router()


@router.route("POST /api/socket/tickets")
def post_ticket(request: Request) -> Response:
    """Issue a ticket that opens one socket, once, within TICKET_SECONDS."""
    caller = identity.caller_of(request.authorizer_context, clock.now())
    ticket = wiring_sockets.tickets().issue(caller)
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
