"""Receipts over HTTP: an event is found by its own id, and by whatever id a public client gave it."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from rollcall.contracts.ingest.receipt import EventState
from rollcall.domain.ingest import posthog, segment
from rollcall.domain.ingest.event_ids import event_ids_of
from rollcall.edge.wiring.ingest import progress as wiring_ingest

from functions.admin import app
from tests.builders import ORG, USER
from tests.unit.fakes.api_gateway import Context, authorized, request

pytestmark = pytest.mark.usefixtures("pseudonym")

BY_ID, BY_MESSAGE = "GET /api/events/{event_id}/receipt", "GET /api/receipts"
OTHER_ORG = uuid4()
KNOWN = uuid4()


class Notes:
    """Knows some events."""

    def __init__(self, *event_ids: UUID) -> None:
        self.event_ids = event_ids

    def find_event(self, org_id: UUID, event_id: UUID) -> list[EventState]:
        """Return where an event is."""
        known = {"event_id": event_id, "org_id": org_id, "state": "rejected", "kind": "analytics", "reason": "invalid"}
        return [EventState.model_validate(known)] if event_id in self.event_ids else []


def ask(route: str, told_id: str | None, org_ids: str = str(ORG), scopes: str = "admin:read") -> tuple[int, Any]:
    """Call a route as API Gateway does."""
    known = authorized(subject=str(USER), org_ids=org_ids, scopes=scopes)
    query = {} if told_id is None else {"message_id": told_id}
    path = {"event_id": told_id} if told_id else None
    answer = app.handler(request(route, known, path=path, query=query if route == BY_MESSAGE else {}), Context())
    return answer["statusCode"], json.loads(answer["body"])


IDS: dict[str, UUID] = {
    str(KNOWN): KNOWN,
    str(KNOWN).upper(): KNOWN,
    KNOWN.hex: KNOWN,
    "m-1": segment.message_event_id(ORG, "m-1"),
    "ajs-next/1700000000000 ä": segment.message_event_id(ORG, "ajs-next/1700000000000 ä"),
    "7": segment.message_event_id(ORG, "7"),
    "insert-1": posthog.insert_event_id(ORG, "insert-1"),
    "api-" + "x" * 900: segment.message_event_id(ORG, "api-" + "x" * 900),
}


@pytest.mark.parametrize("told_id", IDS)
@pytest.mark.parametrize("route", [BY_ID, BY_MESSAGE])
def test_an_event_is_found_by_any_id_it_has(route: str, told_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of any form: as our own id, as a messageId, or as what PostHog's clients call an insert id."""
    monkeypatch.setattr(wiring_ingest, "receipt_store", lambda: Notes(IDS[told_id]))
    status, told = ask(route, told_id)
    assert (status, told["event_id"], told["state"], told["reason"]) == (200, str(IDS[told_id]), "rejected", "invalid")


@pytest.mark.parametrize("told_id", ["nothing", str(uuid4()), "\ud800", "\x00", "'; drop"])
@pytest.mark.parametrize("route", [BY_ID, BY_MESSAGE])
def test_an_id_of_nothing_is_404(route: str, told_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it is."""
    monkeypatch.setattr(wiring_ingest, "receipt_store", lambda: Notes(KNOWN))
    status, told = ask(route, told_id)
    assert (status, told["code"]) in {(404, "event_unknown"), (400, "invalid_request")}


@pytest.mark.parametrize(("told_id", "org_ids", "scopes"), [
    (None, str(ORG), "admin:read"), ("", str(ORG), "admin:read"), ("x" * 1_025, str(ORG), "admin:read"),
    ("m-1", f"{ORG} {OTHER_ORG}", "admin:read"), ("m-1", str(ORG), ""),
])  # fmt: skip
def test_a_question_that_is_none_is_refused(
    told_id: str | None, org_ids: str, scopes: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without an id, without an organisation where there are two, or without the scope."""
    monkeypatch.setattr(wiring_ingest, "receipt_store", lambda: Notes(*IDS.values()))
    assert ask(BY_MESSAGE, told_id, org_ids, scopes)[0] in {400, 403}


def test_an_id_is_one_organisations() -> None:
    """The same messageId of another organisation is another event."""
    assert not set(event_ids_of(ORG, "m-1")) & set(event_ids_of(OTHER_ORG, "m-1"))
