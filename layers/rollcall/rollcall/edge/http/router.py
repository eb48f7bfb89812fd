"""HTTP over API Gateway (payload format 2.0): requests in, answers and problems out.

Why not Powertools' resolver: API Gateway has matched the route already, and names it in `routeKey`; a dictionary is
all that is left to do (DECISIONS.md has the cold start it saves).
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from rollcall import errors
from rollcall.domain.gzip_body import GZIP_MAGIC, gunzip
from rollcall.edge.http import problems
from rollcall.edge.runtime import observe

PROBLEM_TYPE = "application/problem+json"


def encode(model: BaseModel) -> str:
    """Return a model as JSON; half of a surrogate pair, which UTF-8 cannot say, as an escape."""
    try:
        return model.model_dump_json()
    except ValueError:
        # Of each member alone: pydantic makes no JSON of a name that UTF-8 cannot say, but a Python object.
        return json.dumps(model.model_dump(), default=to_jsonable_python, separators=(",", ":"))


@dataclass(frozen=True)
class Response:
    """An HTTP answer."""

    status: int
    body: str
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, status: int, model: BaseModel, headers: Mapping[str, str] | None = None) -> "Response":
        """Return a JSON answer."""
        return cls(status, encode(model), {"Content-Type": "application/json", **(headers or {})})

    @classmethod
    def refusal(
        cls,
        error: errors.RollcallError,
        request_id: str,
        headers: Mapping[str, str] | None = None,
        **extra: Any,
    ) -> "Response":
        """Return a problem answer."""
        problem = problems.describe(error, request_id, **extra)
        sent = {"Content-Type": PROBLEM_TYPE, **problems.headers_of(error), **(headers or {})}
        return cls(problem.status, encode(problem), sent)

    def as_event(self, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Return what a Lambda function answers to API Gateway, with these headers where it has none of its own."""
        headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", **(headers or {}), **self.headers}
        return {"statusCode": int(self.status), "headers": headers, "body": self.body}


@dataclass(frozen=True)
class Request:
    """An HTTP request, as API Gateway hands it over."""

    event: dict[str, Any]
    # Goes with whatever is answered, also when that is an error.
    answer_headers: dict[str, str] = field(default_factory=dict)

    @property
    def route(self) -> str:
        """The route that API Gateway matched, as `POST /path/{parameter}`."""
        return str(self.event.get("routeKey", ""))

    @property
    def method(self) -> str:
        """The HTTP method."""
        return str(self.event["requestContext"]["http"]["method"])

    @property
    def path(self) -> str:
        """The path without the stage."""
        return str(self.event.get("rawPath", ""))

    @cached_property
    def headers(self) -> dict[str, str]:
        """The headers, by lower-case names."""
        return {name.lower(): value for name, value in (self.event.get("headers") or {}).items()}

    @property
    def path_parameters(self) -> dict[str, str]:
        """What stands in the route's path, by the names in its braces."""
        return self.event.get("pathParameters") or {}

    @property
    def query(self) -> dict[str, str]:
        """The query's parameters; one that is given several times has its values joined by commas."""
        return self.event.get("queryStringParameters") or {}

    @property
    def request_id(self) -> str:
        """API Gateway's own id of this request."""
        return str(self.event["requestContext"].get("requestId", ""))

    @property
    def authorizer_context(self) -> dict[str, Any]:
        """What the authorizer said of the bearer; empty on public routes."""
        return self.event["requestContext"].get("authorizer", {}).get("lambda") or {}

    def body(self, bytes_max: int) -> bytes:
        """Return the decompressed body; raises InvalidBody, UnsupportedEncoding, TooLarge."""
        raw = self._raw_body(bytes_max)
        encoding = self.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in {"identity", "gzip", ""}:
            raise errors.UnsupportedEncoding
        # A gateway may have decompressed it on the way and left the header.
        if encoding == "gzip" and raw.startswith(GZIP_MAGIC):
            raw = gunzip(raw, bytes_max)
        if len(raw) > bytes_max:
            raise errors.TooLarge(f"A body has at most {bytes_max} bytes after decompression.")
        return raw

    def _raw_body(self, bytes_max: int) -> bytes:
        text = self.event.get("body") or ""
        if len(text) > 2 * bytes_max:  # base64 takes a third more: no need to decode it to know
            raise errors.TooLarge(f"A body has at most {bytes_max} bytes.")
        if not self.event.get("isBase64Encoded"):
            return text.encode("utf-8", "surrogatepass")
        try:
            return base64.b64decode(text, validate=True)
        except binascii.Error as fault:
            raise errors.InvalidBody("The body is not base64.") from fault


Route = Callable[[Request], Response]


class Router:
    """A function's routes."""

    def __init__(self) -> None:
        self.routes: dict[str, Route] = {}

    def route(self, key: str) -> Callable[[Route], Route]:
        """Register what answers a route of the template, such as `POST /path`."""

        def register(answer: Route) -> Route:
            self.routes[key] = answer
            return answer

        return register

    def answer(self, event: dict[str, Any]) -> dict[str, Any]:
        """Answer a request; whatever goes wrong becomes a problem, and its cause a log line without the body."""
        request = Request(event)
        answer = self.routes.get(request.route) or self.routes.get("$default")
        try:
            response = answer(request) if answer else Response.refusal(errors.NotFound(), request.request_id)
        except errors.RollcallError as error:
            observe.logger().info("refused", extra={"code": error.code})
            response = Response.refusal(error, request.request_id)
        except Exception as fault:  # noqa: BLE001 - the last resort: its text could quote a body, so only its type is told
            observe.logger().error("unexpected", extra={"fault": type(fault).__name__, "at": observe.place_of(fault)})
            response = Response.refusal(errors.RollcallError(), request.request_id)
        return response.as_event(request.answer_headers)
