"""How the routes of PostHog's clients are asked and answer: as those clients expect, who go by the status alone."""

import json
from collections.abc import Callable, Mapping

from rollcall import errors
from rollcall.contracts.ingest.posthog import PostHogAnswer, PostHogConfig, PostHogFlags, PostHogResults
from rollcall.domain.gzip_body import GZIP_AS_TEXT
from rollcall.domain.ingest import write_key
from rollcall.domain.ingest.posthog_body import named_key
from rollcall.edge.http import ingest_answers
from rollcall.edge.http.router import Request, Response, Router
from rollcall.edge.runtime import settings
from rollcall.edge.wiring.ingest import analytics as wiring_analytics
from rollcall.flows.ingest.posthog import UNSPLIT_FACTOR
from rollcall.flows.ingest.progress import Ingestion

OK = 200
BATCH_PATHS = ("/batch", "/i/v0/ai/batch")
EVENT_PATHS = ("/capture", "/e", "/i/v0/e", "/track")
RESULT_PATHS = ("/i/v1/analytics/events",)
FLAG_PATHS = ("/decide", "/flags")
CONFIG, CONFIG_SCRIPT = "GET /array/{token}/config", "GET /array/{token}/config.js"
GZIP_LOST = "A gateway took this gzip body for text. Switch the client's compression off: see docs/how-to/clients.md."
CACHED = {"Cache-Control": "public, max-age=300"}

router = Router()


def spellings(path: str) -> tuple[str, str]:
    """Return a path as clients write it: without a slash at its end, and with one."""
    return path, f"{path}/"


def post_batch(request: Request) -> Response:
    """Take a batch."""
    return _take(request, is_batch=True)


def post_event(request: Request) -> Response:
    """Take an event, or several: current clients send batches here as well."""
    return _take(request, is_batch=False)


def post_results(request: Request) -> Response:
    """Take a batch under the newer protocol: the key is a bearer's token, and each event has a result of its own."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    sent_at = request.headers.get("posthog-request-timestamp", "")
    told = {"api_key": key.strip() if scheme.lower() == "bearer" else "", "sent_at": sent_at}
    return Response.of(OK, PostHogResults.of(ingest_answers.receipt_of(_ingest(request, told))))


def post_flags(request: Request) -> Response:
    """Answer that there are no feature flags. Nothing of the request is read."""
    return Response.of(OK, PostHogFlags(requestId=request.request_id))


@router.route(CONFIG)
def get_config(request: Request) -> Response:
    """Answer how posthog-js is to work here."""
    return Response.of(OK, PostHogConfig(token=_token(request)), CACHED)


@router.route(CONFIG_SCRIPT)
def get_config_script(request: Request) -> Response:
    """Answer the same as a script, for pages that load posthog-js by its snippet."""
    token = _token(request)
    named = json.dumps(token)
    config = PostHogConfig(token=token).model_dump_json()
    script = (
        "(function(w){var all=w._POSTHOG_REMOTE_CONFIG=w._POSTHOG_REMOTE_CONFIG||{};"
        f"all[{named}]={{config:{config},siteApps:[]}};}})(window);"
    )
    return Response(OK, script, {"Content-Type": "text/javascript; charset=utf-8", **CACHED})


def _token(request: Request) -> str:
    """Return the write key in the path; it is not checked, since what is answered is the same for all of them."""
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


def _ingest(request: Request, told: Mapping[str, str]) -> Ingestion:
    """Take a body. `told` is what stands beside it: the key, when it was sent, how it is packed."""
    flow, bytes_max = wiring_analytics.capture(), UNSPLIT_FACTOR * settings.current().analytics_batch_max_bytes
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()

    def accept() -> Ingestion:
        with flow.charging(named_key([told])):
            raw = request.body(bytes_max)
            # A client that names its encoding would send the very same again.
            if raw.startswith(GZIP_AS_TEXT) and "content-encoding" in request.headers:
                raise errors.InvalidBody(GZIP_LOST)
        return flow.accept(raw, media_type, told, bytes_max)

    try:
        return ingest_answers.take(request, flow.collect, "capture", accept)
    except errors.RateLimited as limited:
        # posthog-js never sends again what was answered by 429, and does so by 503.
        raise errors.SendingTooFast(retry_after_seconds=limited.retry_after_seconds) from limited


def _register(paths: tuple[str, ...], answer: Callable[[Request], Response]) -> None:
    for path in paths:
        for spelling in spellings(path):
            router.route(f"POST {spelling}")(answer)


_register(BATCH_PATHS, post_batch)
_register(EVENT_PATHS, post_event)
_register(RESULT_PATHS, post_results)
_register(FLAG_PATHS, post_flags)
