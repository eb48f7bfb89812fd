"""HTTP over API Gateway (payload format 2.0): requests, answers and problems."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from rollcall import errors
from rollcall.contracts.caller import Caller
from rollcall.domain.gzip_body import GZIP_MAGIC, gunzip
from rollcall.edge.http import identity, problems
from rollcall.edge.runtime import clock

PROBLEM_TYPE = "application/problem+json"


def encode(model: BaseModel) -> str:
    """Return a model as JSON. Half of a surrogate pair, which UTF-8 cannot encode, becomes an escape."""
    try:
        return model.model_dump_json()
    except ValueError:
        # pydantic writes no JSON with a name that UTF-8 cannot encode. It does return the Python object.
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
        """Return the answer as API Gateway takes it. The answer's own headers win over these."""
        headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", **(headers or {}), **self.headers}
        return {"statusCode": int(self.status), "headers": headers, "body": self.body}


@dataclass(frozen=True)
class Request:
    """An HTTP request, as API Gateway hands it over."""

    event: dict[str, Any]
    # The router sends these headers with every answer, also with a problem.
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
        """The values of the path's parameters, by the names in the route's braces."""
        return self.event.get("pathParameters") or {}

    @property
    def query(self) -> dict[str, str]:
        """The query's parameters. API Gateway joins the values of a repeated parameter by commas."""
        return self.event.get("queryStringParameters") or {}

    @property
    def request_id(self) -> str:
        """API Gateway's own id of this request."""
        return str(self.event["requestContext"].get("requestId", ""))

    @property
    def authorizer_context(self) -> dict[str, Any]:
        """The authorizer's context; empty on open routes."""
        return self.event["requestContext"].get("authorizer", {}).get("lambda") or {}

    @cached_property
    def caller(self) -> Caller:
        """The bearer of the token; raises Unauthorized, InvalidToken, ExpiredToken, KeysUnavailable."""
        return identity.caller_of(self.authorizer_context, clock.now())

    def body(self, bytes_max: int) -> bytes:
        """Return the decompressed body; raises InvalidBody, UnsupportedEncoding, TooLarge."""
        raw = self._raw_body(bytes_max)
        encoding = self.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in {"identity", "gzip", ""}:
            raise errors.UnsupportedEncoding
        # A gateway may have decompressed the body and left the header.
        if encoding == "gzip" and raw.startswith(GZIP_MAGIC):
            raw = gunzip(raw, bytes_max)
        if len(raw) > bytes_max:
            raise errors.TooLarge(f"A body has at most {bytes_max} bytes after decompression.")
        return raw

    def _raw_body(self, bytes_max: int) -> bytes:
        text = self.event.get("body") or ""
        if len(text) > 2 * bytes_max:  # base64 adds a third, so a longer text need not be decoded
            raise errors.TooLarge(f"A body has at most {bytes_max} bytes.")
        if not self.event.get("isBase64Encoded"):
            return text.encode("utf-8", "surrogatepass")
        try:
            return base64.b64decode(text, validate=True)
        except binascii.Error as fault:
            raise errors.InvalidBody("The body is not base64.") from fault
