"""Routes of Segment's and RudderStack's clients. They answer as those clients expect."""

import base64
from collections.abc import Callable
from dataclasses import replace

from rollcall import errors
from rollcall.contracts.ingest.segment import (
    CALL_TYPES,
    RudderSource,
    SegmentAnswer,
    SegmentBatch,
    SegmentSettings,
    SegmentSingleCall,
)
from rollcall.domain.ingest import write_key
from rollcall.edge.http import ingest_answers
from rollcall.edge.http.messages import Request, Response
from rollcall.edge.http.route import OK, Answer, Body, Parameter, Route
from rollcall.edge.http.router import Router
from rollcall.edge.runtime import settings
from rollcall.edge.wiring.ingest import analytics as wiring_analytics
from rollcall.flows.ingest.progress import Ingestion
from rollcall.flows.ingest.segment import IngestSegment

# The batch, the import of older events, the short names of browsers and mobiles (without the version where it stands
# in the client's host), and the beacons of RudderStack's browser client.
BATCH_PATHS = ("/v1/batch", "/v1/import", "/v1/b", "/b", "/beacon/v1/batch")
CALL_PATH = "/v1/{call}"
CALLS = {name: name for name in CALL_TYPES} | {name[0]: name for name in CALL_TYPES}
SETTINGS_PATH = "/v1/projects/{write_key}/settings"
SOURCE_PATHS = ("/sourceConfig", "/sourceConfig/")
CACHED = {"Cache-Control": "public, max-age=300"}

TRACK = Route(
    "",
    access="write_key",
    answers={OK: Answer("The queue has every valid call.", SegmentAnswer)},
    problems={
        **ingest_answers.KEY_PROBLEMS,
        400: "No call could be accepted: `errors` and `results` have the reasons.",
        413: "Too many calls, or too many bytes after decompression.",
        429: ingest_answers.PROBLEMS[429],
    },
    headers=ingest_answers.HEADERS,
)
BATCH = replace(
    TRACK,
    summary="Take a batch in Segment's format",
    description="For clients of Segment's or RudderStack's tracking API. Each call is judged on its own; unknown "
    "members are ignored. Without an Authorization header the write key stands in the query or in the body.",
    own_body=Body(SegmentBatch),
)
CONFIGURATION = Route(
    "",
    description="The library reads its configuration before it sends. Every write key gets the same answer, and none "
    "is looked up.",
    problems={401: "No write key.", 500: "An error of Rollcall's."},
)
SOURCE = replace(
    CONFIGURATION,
    summary="Read RudderStack's source configuration",
    access="write_key",
    answers={OK: Answer("The configuration.", RudderSource)},
)

router = Router()

Accept = Callable[[IngestSegment, bytes, str | None], Ingestion]


def presented_key(request: Request) -> str | None:
    """Return the write key of a request, from its Basic user or its query; None when both have none.

    Raises InvalidWriteKey for a header of any other form.
    """
    header = request.headers.get("authorization")
    if header is None:
        return request.query.get("writeKey")
    scheme, _, credentials = header.partition(" ")
    try:
        text = base64.b64decode(credentials.strip(), validate=True).decode()
    except ValueError:
        raise errors.InvalidWriteKey from None
    if scheme.lower() != "basic":
        raise errors.InvalidWriteKey
    return text.partition(":")[0]


@router.route(
    *(
        replace(
            BATCH,
            key=f"POST {path}",
            operation_id="postSegment" + "".join(map(str.capitalize, path.split("/"))),
        )
        for path in BATCH_PATHS
    )
)
def post_batch(request: Request) -> Response:
    """Take a batch of calls."""
    return _take(request, IngestSegment.accept_batch)


@router.route(
    replace(
        TRACK,
        key=f"POST {CALL_PATH}",
        operation_id="postSegmentCall",
        summary="Take one call in Segment's format",
        description="The body is the call, and the path has its type. It is answered as a batch of one.",
        parameters=(
            Parameter("call", "The call's type, or its first letter.", {"type": "string", "enum": sorted(CALLS)}),
        ),
        own_body=Body(SegmentSingleCall),
        problems={**TRACK.problems, 404: "No call has this type."},
    )
)
def post_call(request: Request) -> Response:
    """Take one call, of the type that the path names."""
    call_type = CALLS.get(request.path_parameters["call"])
    if call_type is None:
        raise errors.NotFound
    return _take(request, lambda flow, body, key: flow.accept_call(body, key, call_type))


@router.route(
    replace(
        CONFIGURATION,
        key=f"GET {SETTINGS_PATH}",
        operation_id="getSegmentSettings",
        summary="Read Segment's settings",
        access="open",
        parameters=(Parameter("write_key", "The write key."),),
        answers={OK: Answer("The configuration.", SegmentSettings)},
    )
)
def get_settings(request: Request) -> Response:
    """Answer the settings of Segment's libraries for browsers and mobiles: they send to this API alone."""
    key = _known_form(request.path_parameters["write_key"])
    segment = {"apiKey": key, "apiHost": f"{_host_of(request, SETTINGS_PATH)}/v1", "protocol": "https"}
    return Response.of(OK, SegmentSettings(integrations={"Segment.io": segment}), CACHED)


@router.route(
    *(
        replace(SOURCE, key=f"GET {path}", operation_id=f"getRudderSource{number}")
        for number, path in enumerate(SOURCE_PATHS, 1)
    )
)
def get_source(request: Request) -> Response:
    """Answer the configuration of RudderStack's libraries for browsers and mobiles."""
    key = _known_form(presented_key(request))
    quiet = {"statsCollection": {"errors": {"enabled": False}, "metrics": {"enabled": False}}}
    named = dict.fromkeys(("id", "name", "workspaceId"), "rollcall")
    source = named | {"writeKey": key, "enabled": True, "config": quiet, "destinations": [], "dataplanes": {}}
    return Response.of(OK, RudderSource(source=source), CACHED)


def _take(request: Request, accept: Accept) -> Response:
    flow, bytes_max = wiring_analytics.ingest_segment(), settings.current().analytics_batch_max_bytes
    ingestion = ingest_answers.take(
        request,
        flow.collect,
        "track",
        lambda: _accept(request, flow, bytes_max, accept),
    )
    return answer_calls(request, ingestion)


def _accept(request: Request, flow: IngestSegment, bytes_max: int, accept: Accept) -> Ingestion:
    key = presented_key(request)
    if key is None:
        return accept(flow, request.body(bytes_max), None)
    return accept(flow, ingest_answers.read_body(request, bytes_max, lambda: flow.charge(key)), key)


def answer_calls(request: Request, ingestion: Ingestion) -> Response:
    """Answer success when any call was accepted or dropped on purpose, else a problem with each fault."""
    receipt = ingest_answers.receipt_of(ingestion)
    if ingest_answers.is_settled(receipt):
        return Response.of(OK, SegmentAnswer.of(receipt))
    return Response.refusal(errors.InvalidEvents(faults=ingestion.faults), request.request_id, results=receipt.results)


def _known_form(key: str | None) -> str:
    """Return a write key. It is not looked up, because every key gets the same answer."""
    if key is None or write_key.read(key) is None:
        raise errors.InvalidWriteKey
    return key


def _host_of(request: Request, path: str) -> str:
    """Return the host, and its path, under which the client reached this API."""
    domain = str(request.event["requestContext"].get("domainName", ""))
    return domain + request.path.partition(path.partition("{")[0])[0]
