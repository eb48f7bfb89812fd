"""What schemathesis cannot read in the API's description: which organisation the token holds, and what time it is.

Valid events get those, so that a valid event must be accepted; invalid ones are sent as they were made.
"""

import base64
import os
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import schemathesis
from rollcall.edge.routes.ingest import posthog
from rollcall.edge.routes.ingest.segment import BATCH_PATHS, CALL_PATH, SOURCE_PATHS

ADMIN = "/api/admin/"
READ = ("/api/reports/", "/api/migration-analytics/")
SEGMENT = (*BATCH_PATHS, CALL_PATH, *SOURCE_PATHS)
# A line of an import is text to schemathesis; what becomes of each line is answered, not refused.
schemathesis.serializer.alias("application/x-ndjson", "text/plain")
NOBODY_THERE = "9b6b8ab3-6b6c-4a35-9a7e-0d2f8f7a1c55"
ORG_ID = "CONFORMANCE_ORG_ID"
WRITE_KEY = "CONFORMANCE_WRITE_KEY"


@schemathesis.hook
def before_call(_context: schemathesis.HookContext, case: schemathesis.Case[Any], _kwargs: dict[str, Any]) -> None:
    """Give a valid case an organisation and a time that are accepted, and attributes that are allowed."""
    if case.path in SEGMENT and str(case.headers.get("Authorization")).startswith("Bearer "):
        case.headers["Authorization"] = "Basic " + base64.b64encode(f"{os.environ[WRITE_KEY]}:".encode()).decode()
    if case.meta is None or case.meta.generation.mode.is_negative:
        return
    now = datetime.now(UTC)
    if case.path.startswith(ADMIN):
        _administer(case, now)
        return
    _look_back(case, now)
    if f"{case.method} {case.path}" in posthog.router.routes:
        _capture(case, now)
        return
    if case.path.startswith(READ) and case.method == "GET":
        _read(case, now)
        return
    body: Any = case.body
    if not isinstance(body, dict):
        return
    if case.path in SEGMENT:
        for call in body.get("batch", [body]):
            call.update(event="lesson_viewed", timestamp=now.isoformat(), messageId=str(uuid4()), userId="u-1")
        return
    for event in body.get("events", [body]):
        _make_sound(event, now)


def _make_sound(event: dict[str, Any], now: datetime) -> None:
    """JSON Schema cannot say that a learner is named in one way, and not in two."""
    event["org_id"] = os.environ[ORG_ID]
    event["occurred_at"] = now.isoformat()
    event.pop("attributes", None)
    event.pop("learner_id", None)
    if "lesson_id" in event:  # a progress event names its learner; a process event names none
        event["user_id"] = event.get("user_id") or NOBODY_THERE


def _capture(case: schemathesis.Case[Any], now: datetime) -> None:
    """JSON Schema cannot say which write key is known, nor that one event of a batch has to be good."""
    body: Any = case.body
    if not isinstance(body, dict):
        return
    if "/v1/" in case.path:
        case.headers["Authorization"] = f"Bearer {os.environ[WRITE_KEY]}"
    body["api_key"] = os.environ[WRITE_KEY]
    for event in body.get("batch", [body]):
        event.update(event="lesson_viewed", timestamp=now.isoformat(), uuid=str(uuid4()))


def _look_back(case: schemathesis.Case[Any], now: datetime) -> None:
    """JSON Schema cannot say which years a moment may be of."""
    if "before" in (case.query or {}):
        case.query["before"] = now.isoformat()


def _read(case: schemathesis.Case[Any], now: datetime) -> None:
    """JSON Schema can say neither what a window is, nor which cursors we wrote, nor that hours know no courses."""
    query = case.query
    query["org_id"] = os.environ[ORG_ID]
    for name, days in (("from", 1), ("to", 0)):
        if name in query:
            query[name] = (now - timedelta(days=days)).date().isoformat()
    query.pop("cursor", None)
    if query.get("grain") == "hour":
        query.pop("course_id", None)


def _administer(case: schemathesis.Case[Any], now: datetime) -> None:
    if "org_id" in (case.query or {}):
        case.query["org_id"] = os.environ[ORG_ID]
    if "course_id" in (case.path_parameters or {}):
        # JSON Schema cannot say what names a person; and a key asks for one thing.
        case.path_parameters["course_id"] = "algebra"
        case.headers["Idempotency-Key"] = str(uuid4())
    # Nor which years windows may have.
    for name, days in (("from", 1), ("to", 0)):
        if name in (case.query or {}):
            case.query[name] = (now - timedelta(days=days)).date().isoformat()
    if isinstance(case.body, dict):
        case.body.update({name: now.isoformat() for name in {"until", "due_at"} & case.body.keys()})
        case.body["org_id"] = os.environ[ORG_ID]
        if case.path.startswith(f"{ADMIN}privacy/"):
            case.body["user_id"] = NOBODY_THERE  # one erasure at work, and not a hundred
            case.body.pop("learner_id", None)
        if "from" in case.body:
            case.body.update({"from": (now - timedelta(hours=1)).isoformat(), "to": now.isoformat()})
        case.body.update({name: now.date().isoformat() for name in {"day", "first_day", "last_day"} & case.body.keys()})
        # JSON Schema can say neither which rules there are, nor what Python's own pattern holds.
        for name in {"additions", "policy"} & case.body.keys():
            case.body[name] = {"drop": ["comment"]}
