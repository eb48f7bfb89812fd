"""Routes about scrubbing and receipts in the API's description."""

from typing import Any

from pydantic import BaseModel

from rollcall.contracts.ingest.receipt import EventLookup
from rollcall.contracts.scrub.catalogue import CatalogueRequest, CatalogueView
from rollcall.contracts.scrub.requests import (
    PolicyRequest,
    PolicyView,
    PresetList,
    Preview,
    PreviewRequest,
    RescrubRequest,
    RescrubView,
)
from rollcall.edge.openapi_admin import operation, parameter
from rollcall.edge.routes.ingest.receipts import MESSAGE_ID_MAX

MODELS: tuple[type[BaseModel], ...] = (
    CatalogueRequest,
    CatalogueView,
    EventLookup,
    PolicyRequest,
    PolicyView,
    Preview,
    PreviewRequest,
    PresetList,
    RescrubRequest,
    RescrubView,
)
UUID_SCHEMA = {"type": "string", "format": "uuid"}


def paths() -> dict[str, dict[str, Any]]:
    """Return the paths of scrubbing and of receipts."""
    org_id = parameter("org_id", "query", UUID_SCHEMA, "The organisation.")
    limit = parameter(
        "limit", "query", {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}, "How many at most."
    )
    return {
        **_receipts(org_id | {"required": False, "description": "Needed where the token holds several."}),
        "/api/admin/scrub/preview": {
            "post": operation(
                "postScrubPreview",
                "What the policy would do to a sample",
                "Nothing is stored. With `policy`, additions are tried before they are set. For admin:read.",
                ("200", "What would be kept.", Preview),
                (400, 413, 415),
                body=PreviewRequest,
            )
        },
        "/api/admin/scrub/policy": {
            "get": operation(
                "getScrubPolicy",
                "An organisation's policy",
                "For admin:read.",
                ("200", "The policy.", PolicyView),
                (400,),
                parameters=[org_id],
            ),
            "put": operation(
                "putScrubPolicy",
                "Set an organisation's additions to the policy",
                "They take the place of those it had, within a minute. Stricter ones need admin:write; laxer ones, and "
                "those without a restriction that admin:super made, need admin:super.",
                ("200", "The policy as it is now.", PolicyView),
                (400, 413, 415),
                body=PolicyRequest,
            ),
        },
        "/api/admin/scrub/presets": {
            "get": operation(
                "listScrubPresets",
                "The presets that a policy can turn on",
                "Sets of events of known systems, and what is safe to keep of them. For admin:read.",
                ("200", "The presets.", PresetList),
                (400,),
            )
        },
        "/api/admin/scrub/catalogue": {
            "get": operation(
                "getCatalogue",
                "An organisation's course catalogue",
                "Ids that are let through although a value rule takes them for somebody's. For admin:read.",
                ("200", "The catalogue, and who changed it.", CatalogueView),
                (400,),
                parameters=[org_id],
            ),
            "put": operation(
                "putCatalogue",
                "Set an organisation's course catalogue",
                "The ids take the place of those it had, within a minute. Addresses, telephone numbers with a plus and "
                "credentials are refused. For admin:write.",
                ("200", "The catalogue as it is now.", CatalogueView),
                (400, 413, 415),
                body=CatalogueRequest,
            ),
        },
        "/api/admin/scrub/runs": {
            "post": operation(
                "postScrubRuns",
                "Scrub what is stored again",
                "Under the policy of today, an operation a day. Doing it twice changes nothing. For admin:write.",
                ("202", "They will be worked on.", RescrubView),
                (400, 409, 413, 415),
                body=RescrubRequest,
            ),
            "get": operation(
                "listScrubRuns",
                "The latest runs of an organisation",
                "Newest first. For admin:read.",
                ("200", "The operations.", RescrubView),
                (400,),
                parameters=[org_id, limit],
            ),
        },
    }


def _receipts(org_id: dict[str, Any]) -> dict[str, dict[str, Any]]:
    text = {"type": "string", "minLength": 1, "maxLength": MESSAGE_ID_MAX}
    event_id = parameter("event_id", "path", {"type": "string"}, "The event, by its own id or a client's messageId.")
    message_id = parameter("message_id", "query", text, "The same, where a path could not hold it.")
    return {
        "/api/events/{event_id}/receipt": {"get": _receipt("getReceipt", [event_id, org_id])},
        "/api/receipts": {"get": _receipt("getReceiptOfMessage", [message_id, org_id])},
    }


def _receipt(operation_id: str, parameters: list[dict[str, Any]]) -> dict[str, Any]:
    return operation(
        operation_id,
        "Where an event is",
        "Stored, queued, a dead letter, or rejected with a reason. A progress event and an analytics event may "
        "have the same id: then the second is among `others`. For admin:read.",
        ("200", "Where it is.", EventLookup),
        (400, 404),
        parameters=parameters,
    )
