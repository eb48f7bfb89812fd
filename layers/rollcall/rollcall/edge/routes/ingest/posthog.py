"""Routes of PostHog's clients. They answer as those clients expect, which look at the status alone."""

import json
from collections.abc import Mapping
from dataclasses import replace

from rollcall import errors
from rollcall.contracts.ingest.posthog import (
    PostHogAnswer,
    PostHogBatch,
    PostHogConfig,
    PostHogEvent,
    PostHogFlags,
    PostHogResults,
)
from rollcall.domain.gzip_body import GZIP_AS_TEXT
from rollcall.domain.ingest import write_key
from rollcall.domain.ingest.posthog_body import named_key
from rollcall.edge.http import ingest_answers
from rollcall.edge.http.messages import Request, Response
from rollcall.edge.http.route import OK, TEXT, Answer, Body, Parameter, Route
from rollcall.edge.http.router import Router
from rollcall.edge.runtime import settings
from rollcall.edge.wiring.ingest import analytics as wiring_analytics
from rollcall.flows.ingest.posthog import UNSPLIT_FACTOR
from rollcall.flows.ingest.progress import Ingestion

GZIP_LOST = "A gateway read this gzip body as text. Switch the client's compression off: see docs/how-to/clients.md."
CACHED = {"Cache-Control": "public, max-age=300"}

BY_GATEWAY = {
    429: "Too many requests (answered by API Gateway).",
    500: "An error of Rollcall's.",
    503: "The route is not available (answered by API Gateway): send the request again.",
}
# The key stands in the body, so the description of the API calls these routes open.
CAPTURE = Route(
    "",
    description="For PostHog's clients. The body is JSON, whatever its media type says; in gzip, in base64, or in a "
    "form's `data`. The write key is `api_key` or `token`, in the body, in an event, or in the query. The path may "
    "come without its last slash.",
    access="open",
    answers={OK: Answer("The queue has every valid event.", PostHogAnswer)},
    problems={
        **ingest_answers.KEY_PROBLEMS,
        400: "No event could be accepted: `errors` has the reasons.",
        429: BY_GATEWAY[429],
        503: "Too many batches of this write key, or the queue is not available: send the request again.",
    },
    headers=ingest_answers.HEADERS,
)
BATCH = replace(CAPTURE, summary="Take a batch in PostHog's format", own_body=Body(PostHogBatch))
EVENTS = replace(
    CAPTURE, summary="Take one event, an array of events, or a batch in PostHog's format", own_body=Body(PostHogEvent)
)
RESULTS = replace(
    BATCH,
    summary="Take a batch of PostHog's newer protocol",
    description="For PostHog's clients in the capture mode v1. The write key is the bearer's token.",
    answers={OK: Answer("A result for each event.", PostHogResults)},
)
FLAGS = Route(
    "",
    summary="Answer that there are no feature flags",
    description="For PostHog's clients, which ask for feature flags. Rollcall neither reads nor keeps nor logs the "
    "request.",
    access="open",
    own_body=Body({}, required=False),
    answers={OK: Answer("No flags.", PostHogFlags)},
    problems=BY_GATEWAY,
)
CONFIGURATION = Route(
    "",
    summary="Read the configuration of posthog-js",
    description="Recording, surveys, heatmaps and similar features are off.",
    access="open",
    parameters=(Parameter("token", "The write key. It is not checked, because every key gets the same answer."),),
    problems=BY_GATEWAY | {404: "The path has no write key."},
)

router = Router()


def _at(route: Route, *paths: str) -> list[Route]:
    """Return a route under each path, with a slash at its end and without one: clients send both."""
    named = [
        replace(route, key=f"POST {path}/", operation_id="postPostHog" + "".join(map(str.capitalize, path.split("/"))))
        for path in paths
    ]
    return [*named, *(replace(each, key=each.key.removesuffix("/"), is_described=False) for each in named)]


@router.route(*_at(BATCH, "/batch", "/i/v0/ai/batch"))
def post_batch(request: Request) -> Response:
    """Take a batch."""
    return _take(request, is_batch=True)


@router.route(*_at(EVENTS, "/capture", "/e", "/i/v0/e", "/track"))
def post_event(request: Request) -> Response:
    """Take one event, or several: current clients send batches here as well."""
    return _take(request, is_batch=False)


@router.route(*_at(RESULTS, "/i/v1/analytics/events"))
def post_results(request: Request) -> Response:
    """Take a batch of the newer protocol: the write key is the bearer's token, and each event has its own result."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    sent_at = request.headers.get("posthog-request-timestamp", "")
    beside = {"api_key": key.strip() if scheme.lower() == "bearer" else "", "sent_at": sent_at}
    return Response.of(OK, PostHogResults.of(ingest_answers.receipt_of(_ingest(request, beside))))


@router.route(*_at(FLAGS, "/decide", "/flags"))
def post_flags(request: Request) -> Response:
    """Answer that there are no feature flags. The handler reads nothing of the request."""
    return Response.of(OK, PostHogFlags(requestId=request.request_id))


@router.route(
    replace(
        CONFIGURATION,
        key="GET /array/{token}/config",
        operation_id="getPostHogConfig",
        answers={OK: Answer("The configuration.", PostHogConfig)},
    )
)
def get_config(request: Request) -> Response:
    """Answer the configuration of posthog-js."""
    return Response.of(OK, PostHogConfig(token=_token(request)), CACHED)


@router.route(
    replace(
        CONFIGURATION,
        key="GET /array/{token}/config.js",
        operation_id="getPostHogConfigScript",
        answers={OK: Answer("The configuration.", media_types={"text/javascript": TEXT})},
    )
)
def get_config_script(request: Request) -> Response:
    """Answer the configuration as a script, for pages that load posthog-js by its snippet."""
    token = _token(request)
    named = json.dumps(token)
    config = PostHogConfig(token=token).model_dump_json()
    script = (
        "(function(w){var all=w._POSTHOG_REMOTE_CONFIG=w._POSTHOG_REMOTE_CONFIG||{};"
        f"all[{named}]={{config:{config},siteApps:[]}};}})(window);"
    )
    return Response(OK, script, {"Content-Type": "text/javascript; charset=utf-8", **CACHED})


def _token(request: Request) -> str:
    """Return the write key in the path. It is not checked, because every key gets the same answer."""
    token = request.path_parameters["token"]
    if write_key.read(token) is None:
        raise errors.NotFound
    return token


def _take(request: Request, *, is_batch: bool) -> Response:
    ingestion = _ingest(request, request.query)
    receipt = ingest_answers.receipt_of(ingestion)
    if ingest_answers.is_settled(receipt):
        return Response.of(OK, PostHogAnswer.of(receipt, is_batch=is_batch))
    return Response.refusal(errors.InvalidEvents(faults=ingestion.faults), request.request_id)


def _ingest(request: Request, beside: Mapping[str, str]) -> Ingestion:
    """Take a body. `beside` has the values that stand outside the body: key, sending time, packing."""
    flow, bytes_max = wiring_analytics.ingest_posthog(), UNSPLIT_FACTOR * settings.current().analytics_batch_max_bytes
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()

    def accept() -> Ingestion:
        with flow.charging(named_key([beside])):
            raw = request.body(bytes_max)
            # A client that names its encoding would send the same body again.
            if raw.startswith(GZIP_AS_TEXT) and "content-encoding" in request.headers:
                raise errors.InvalidBody(GZIP_LOST)
        return flow.accept(raw, media_type, beside, bytes_max)

    try:
        return ingest_answers.take(request, flow.collect, "capture", accept)
    except errors.RateLimited as limited:
        # posthog-js sends a batch again after a 503, and never after a 429.
        raise errors.SendingTooFast(retry_after_seconds=limited.retry_after_seconds) from limited
