"""The routes to dead letters in the API's description."""

from typing import Any, get_args

from pydantic import BaseModel

from rollcall.contracts.dead_letters.letter import (
    AFTER,
    PAGE_DEFAULT,
    PAGE_MAX,
    Cause,
    DeadLetterFile,
    DeadLetterPage,
    State,
)
from rollcall.contracts.dead_letters.redrive import Discarding, DiscardOrder, RedriveOrder, RedriveReport, RedriveView
from rollcall.edge.openapi_admin import operation, parameter

MODELS: tuple[type[BaseModel], ...] = (
    DeadLetterPage,
    DeadLetterFile,
    DiscardOrder,
    Discarding,
    RedriveOrder,
    RedriveView,
    RedriveReport,
)
UUID_TEXT = {"type": "string", "format": "uuid"}
NIL = "The nil organisation, for what belongs to nobody known, needs admin:super."


def _optional(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return parameter(name, "query", schema, description) | {"required": False}


ORGANISATION = parameter("org_id", "query", UUID_TEXT, "The organisation.")
LIMIT = parameter(
    "limit",
    "query",
    {"type": "integer", "minimum": 1, "maximum": PAGE_MAX, "default": PAGE_DEFAULT},
    "How many at most.",
)
OPERATION = parameter("operation_id", "path", UUID_TEXT, "The redrive.")
FILTERS = [
    _optional("queue", {"type": "string", "pattern": "^[a-z][a-z_]{0,31}$"}, "Of this queue alone."),
    _optional("cause", {"type": "string", "enum": list(get_args(Cause))}, "Of this cause alone."),
    _optional("state", {"type": "string", "enum": list(get_args(State))}, "In this state alone."),
    _optional("after", {"type": "string", "pattern": AFTER}, "`next_after` of a page."),
]


def paths() -> dict[str, dict[str, Any]]:
    """Return the paths to dead letters."""
    base = "/api/admin/dead-letters"
    return {
        base: {
            "get": operation(
                "listDeadLetters",
                "Dead letters of an organisation",
                f"Counted by cause, and the newest of them. For admin:read. {NIL}",
                ("200", "The dead letters.", DeadLetterPage),
                (400,),
                parameters=[ORGANISATION, *FILTERS, LIMIT],
            )
        },
        f"{base}/{{dead_letter_id}}": {
            "get": operation(
                "getDeadLetter",
                "One dead letter",
                f"What is known of it, what happened to it, and its scrubbed body. For admin:read. {NIL}",
                ("200", "The dead letter.", DeadLetterFile),
                (400, 404),
                parameters=[parameter("dead_letter_id", "path", UUID_TEXT, "The dead letter."), ORGANISATION],
            )
        },
        f"{base}/discard": {
            "post": operation(
                "discardDeadLetters",
                "Give up dead letters",
                f"With a reason; a dry run counts. For admin:write. {NIL}",
                ("200", "How many were given up.", Discarding),
                (400, 413, 415),
                body=DiscardOrder,
            )
        },
        **_redrive_paths(f"{base}/redrive"),
    }


def _redrive_paths(base: str) -> dict[str, dict[str, Any]]:
    return {
        base: {
            "post": operation(
                "postRedrive",
                "Redrive dead letters",
                "Put them back on their queues, scrubbed by the policy of now, at a capped rate. The work goes on in "
                f"the background; doing it twice stores nothing twice. For admin:write. {NIL}",
                ("202", "It will be worked on.", RedriveView),
                (400, 409, 413, 415),
                body=RedriveOrder,
            )
        },
        f"{base}/{{operation_id}}": {
            "get": operation(
                "getRedrive",
                "How far a redrive is",
                f"And what became of each message, page by page. For admin:read. {NIL}",
                ("200", "The redrive.", RedriveReport),
                (400, 404),
                parameters=[OPERATION, ORGANISATION, _optional("after", UUID_TEXT, "`next_after` of a page."), LIMIT],
            )
        },
        f"{base}/{{operation_id}}/cancel": {
            "post": operation(
                "cancelRedrive",
                "Cancel a redrive",
                f"At once, or after the part that is under way; what was sent stays sent. For admin:write. {NIL}",
                ("200", "The redrive as it is now.", RedriveView),
                (400, 404),
                parameters=[OPERATION, ORGANISATION],
            )
        },
    }
