"""How the routes of Segment's and RudderStack's clients are asked and answer: as those expect, who go by the status."""

import base64
from collections.abc import Callable

from rollcall import errors
from rollcall.contracts.ingest.segment import CALL_TYPES, RudderSource, SegmentAnswer, SegmentSettings
from rollcall.domain.ingest import write_key
from rollcall.edge.http import ingest_answers
from rollcall.edge.http.router import Request, Response, Router
from rollcall.edge.runtime import settings
from rollcall.edge.wiring.ingest import analytics as wiring_analytics
from rollcall.flows.ingest.progress import Ingestion
from rollcall.flows.ingest.segment import Track

OK = 200
# The batch, the import of what is older, the short names of browsers and mobiles (with and without the version, which
# stands in some clients' host), and what RudderStack's browser client sends by beacon.
BATCH_PATHS = ("/v1/batch", "/v1/import", "/v1/b", "/b", "/beacon/v1/batch")
CALL_PATH = "/v1/{call}"
CALLS = {name: name for name in CALL_TYPES} | {name[0]: name for name in CALL_TYPES}
SETTINGS_PATH = "/v1/projects/{write_key}/settings"
SOURCE_PATHS = ("/sourceConfig", "/sourceConfig/")
CACHED = {"Cache-Control": "public, max-age=300"}

router = Router()

Accept = Callable[[Track, bytes, str | None], Ingestion]


def presented_key(request: Request) -> str | None:
    """Return the write key that a request presents, as its Basic user or in its query; None where in neither.

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


def post_batch(request: Request) -> Response:
    """Take a batch of calls."""
    return _take(request, Track.accept_batch)


@router.route(f"POST {CALL_PATH}")
def post_call(request: Request) -> Response:
    """Take one call, of the type that the path names."""
    call_type = CALLS.get(request.path_parameters["call"])
    if call_type is None:
        raise errors.NotFound
    return _take(request, lambda flow, body, key: flow.accept_call(body, key, call_type))


@router.route(f"GET {SETTINGS_PATH}")
def get_settings(request: Request) -> Response:
    """Answer how Segment's libraries for browsers and mobiles are to work here: with this API, and nothing else."""
    key = _known_form(request.path_parameters["write_key"])
    segment = {"apiKey": key, "apiHost": f"{_host_of(request, SETTINGS_PATH)}/v1", "protocol": "https"}
    return Response.of(OK, SegmentSettings(integrations={"Segment.io": segment}), CACHED)


def get_source(request: Request) -> Response:
    """Answer how RudderStack's libraries for browsers and mobiles are to work here."""
    key = _known_form(presented_key(request))
    quiet = {"statsCollection": {"errors": {"enabled": False}, "metrics": {"enabled": False}}}
    named = dict.fromkeys(("id", "name", "workspaceId"), "rollcall")
    source = named | {"writeKey": key, "enabled": True, "config": quiet, "destinations": [], "dataplanes": {}}
    return Response.of(OK, RudderSource(source=source), CACHED)


def _take(request: Request, accept: Accept) -> Response:
    flow, bytes_max = wiring_analytics.track(), settings.current().analytics_batch_max_bytes
    ingestion = ingest_answers.take(
        request,
        flow.collect,
        "track",
        lambda: _accept(request, flow, bytes_max, accept),
    )
    return answer_calls(request, ingestion)


def _accept(request: Request, flow: Track, bytes_max: int, accept: Accept) -> Ingestion:
    key = presented_key(request)
    if key is None:
        return accept(flow, request.body(bytes_max), None)
    return accept(flow, ingest_answers.read_body(request, bytes_max, lambda: flow.charge(key)), key)


def answer_calls(request: Request, ingestion: Ingestion) -> Response:
    """Answer with success when any call was taken, or dropped on purpose, else with a problem that has each fault."""
    receipt = ingest_answers.receipt_of(ingestion)
    if ingest_answers.is_settled(receipt):
        return Response.of(OK, SegmentAnswer.of(receipt))
    return Response.refusal(errors.InvalidEvents(faults=ingestion.faults), request.request_id, results=receipt.results)


def _known_form(key: str | None) -> str:
    """Return a write key; it is not looked up, since what is answered is the same for all of them."""
    if key is None or write_key.read(key) is None:
        raise errors.InvalidWriteKey
    return key


def _host_of(request: Request, path: str) -> str:
    """Return under which host, and which path of it, a client reached this API."""
    domain = str(request.event["requestContext"].get("domainName", ""))
    return domain + request.path.partition(path.partition("{")[0])[0]


for _path in BATCH_PATHS:
    router.route(f"POST {_path}")(post_batch)
for _path in SOURCE_PATHS:
    router.route(f"GET {_path}")(get_source)
