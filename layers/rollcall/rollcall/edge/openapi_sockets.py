"""The route about sockets in the API's description. docs/reference/sockets.md describes the messages on a socket."""

from typing import Any

from pydantic import BaseModel

from rollcall.contracts.sockets.connection import TICKET_SECONDS, Ticket
from rollcall.edge.openapi_admin import operation

MODELS: tuple[type[BaseModel], ...] = (Ticket,)


def paths() -> dict[str, dict[str, Any]]:
    """Return the paths about sockets."""
    return {
        "/api/socket/tickets": {
            "post": operation(
                "postSocketTicket",
                "A ticket for a socket",
                f"Opens one socket, once, within {TICKET_SECONDS} seconds, for the bearer of this token, and no longer "
                "than the token is good. For any token. There is no body.",
                ("201", "The ticket, and the address that it is for.", Ticket),
                (),
            )
        }
    }
