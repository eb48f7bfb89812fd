"""HTTP in and out: bodies, routes, problems."""

import base64
import gzip
import json
import zlib
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import pytest
from pydantic import BaseModel
from rollcall import errors
from rollcall.edge.http import problems
from rollcall.edge.http.messages import Request, Response
from rollcall.edge.http.route import Route
from rollcall.edge.http.router import Router

LIMIT = 1000


def request(**changes: Any) -> Request:
    event = {
        "routeKey": "POST /thing",
        "rawPath": "/thing",
        "headers": {},
        "requestContext": {"http": {"method": "POST", "path": "/thing"}, "requestId": "r-1"},
        "isBase64Encoded": False,
    }
    return Request(event | changes)


def packed(body: bytes, encoding: str = "gzip") -> Request:
    return request(body=base64.b64encode(body).decode(), isBase64Encoded=True, headers={"Content-Encoding": encoding})


def test_a_plain_body_comes_as_it_is() -> None:
    """Text and base64 bodies are bytes to a handler."""
    assert request(body="{}").body(LIMIT) == b"{}"
    assert request(body=base64.b64encode(b"{}").decode(), isBase64Encoded=True).body(LIMIT) == b"{}"
    assert request().body(LIMIT) == b""


def test_a_gzip_body_is_decompressed() -> None:
    """Also when a gateway decompressed it before us and left the header."""
    assert packed(gzip.compress(b"{}")).body(LIMIT) == b"{}"
    assert packed(b"{}").body(LIMIT) == b"{}"
    assert packed(gzip.compress(b"x" * LIMIT)).body(LIMIT) == b"x" * LIMIT


@pytest.mark.parametrize(
    ("bad", "kind"),
    [
        (packed(gzip.compress(b"x" * (LIMIT + 1))), errors.TooLarge),
        (packed(gzip.compress(b"\0" * 50_000_000)), errors.TooLarge),
        (packed(gzip.compress(b"{}")[:-4]), errors.InvalidBody),
        (packed(gzip.compress(b"{}") + b"more"), errors.InvalidBody),
        (packed(b"\x1f\x8bnonsense"), errors.InvalidBody),
        (packed(zlib.compress(b"{}"), "deflate"), errors.UnsupportedEncoding),
        (packed(b"{}", "br"), errors.UnsupportedEncoding),
        (request(body="x" * (LIMIT + 1)), errors.TooLarge),
        (request(body="é" * LIMIT), errors.TooLarge),
        (request(body="x" * 10_000_000), errors.TooLarge),
        (request(body="!", isBase64Encoded=True), errors.InvalidBody),
    ],
)
def test_a_bad_body_is_refused(bad: Request, kind: type[errors.RollcallError]) -> None:
    """Too large after decompression, cut off, or in another encoding."""
    with pytest.raises(kind):
        bad.body(LIMIT)


def test_a_route_answers_by_its_key() -> None:
    """API Gateway has matched the path; an unknown key is not ours."""
    router = Router()
    router.route(Route("POST /thing"))(lambda asked: Response(200, asked.request_id))
    assert router.answer(request().event)["body"] == "r-1"
    assert router.answer(request(routeKey="GET /other").event)["statusCode"] == HTTPStatus.NOT_FOUND


def test_the_text_of_an_unexpected_error_is_not_answered(logged: Callable[[], str]) -> None:
    """Neither answer nor log quotes the error's text, which could hold a body."""
    router = Router()

    @router.route(Route("POST /thing"))
    def fail(_request: Request) -> Response:
        raise ValueError("canary")

    answer = router.answer(request(body="canary").event)
    assert answer["statusCode"] == HTTPStatus.INTERNAL_SERVER_ERROR
    assert json.loads(answer["body"])["code"] == "internal_error"
    lines = logged()
    assert "ValueError" in lines
    assert "canary" not in answer["body"] + lines


def kinds(kind: type[errors.RollcallError]) -> list[type[errors.RollcallError]]:
    return [kind, *(deeper for child in kind.__subclasses__() for deeper in kinds(child))]


def test_every_error_has_a_code_of_its_own_and_a_status() -> None:
    """One tree, one table."""
    tree = kinds(errors.RollcallError)
    codes = [kind.code for kind in tree if "code" in vars(kind)]
    assert len(codes) == len(set(codes)) == len(tree)
    for kind in tree:
        assert problems.status_of(kind()) >= HTTPStatus.BAD_REQUEST
        assert kind().detail


def test_a_problem_has_the_form_of_rfc_9457() -> None:
    """Media type, members, and the headers that its kind asks for."""
    error = errors.RateLimited(retry_after_seconds=3)
    answer = Response.refusal(error, "r-1").as_event()
    assert answer["headers"]["Content-Type"] == "application/problem+json"
    assert answer["headers"]["Retry-After"] == "3"
    assert json.loads(answer["body"]) == {
        "type": "about:blank",
        "title": "Too Many Requests",
        "status": 429,
        "code": "rate_limited",
        "detail": "Too many batches: wait, then send this one again.",
        "message": "Too many batches: wait, then send this one again.",
        "request_id": "r-1",
    }


def test_faults_stand_in_a_problem_but_not_without_end() -> None:
    """At most a hundred are listed."""
    faults = [errors.Fault(f"/events/{number}", "missing", "Field required") for number in range(300)]
    body = json.loads(Response.refusal(errors.InvalidEvents(faults=faults), "r-1").body)
    assert body["errors"][0] == {"pointer": "/events/0", "code": "missing", "detail": "Field required"}
    assert len(body["errors"]) == 100


class Letter(BaseModel):
    """Anything that was kept."""

    body: Any


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb", "\udc00\ud800", "\U0001f600", "\x00", "\ufeff\uffff"])
def test_any_stored_text_can_be_answered(text: str) -> None:
    """Half of a surrogate pair is an escape of JSON's, which comes back as what it was."""
    letter = {"text": text, text: [text, 1.5, None]}
    response = Response.of(200, Letter(body=letter))
    assert response.body.encode()
    assert json.loads(response.body)["body"] == letter
