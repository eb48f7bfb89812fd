"""The API client of the CLI: for a deployed API, or for the local stack with a token signed for it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Self
from uuid import UUID, uuid4

import httpx
import typer

from workbench.checkout import here
from workbench.commands.tokens import TokenSigner
from workbench.errors import WorkbenchError
from workbench.stack.state import read_state

TIMEOUT_SECONDS = 35  # API Gateway's timeout is 30
UNAVAILABLE = (429, 502, 503, 504)

UrlOption = Annotated[
    str | None, typer.Option(envvar="ROLLCALL_URL", help="Address of a deployed API. Default: the local stack.")
]
TokenOption = Annotated[
    str | None,
    typer.Option(envvar="ROLLCALL_TOKEN", help="Token for the API. Default: one signed for the local stack."),
]


class ApiRefused(WorkbenchError):
    """The API answered with a problem."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        self.status = status
        self.code = code
        super().__init__(f"{detail} ({status} {code})")


class ApiUnavailable(WorkbenchError):
    """The API cannot be reached, or answers that it is not available now."""


@dataclass(frozen=True)
class ApiClient:
    """One API and one token."""

    http: httpx.Client

    @classmethod
    def open(
        cls,
        url: str | None,
        token: str | None,
        org_ids: Iterable[UUID],
        scopes: Iterable[str] = ("admin:write",),
        role: str = "service",
    ) -> Self:
        """Return a client for this address and token.

        Without an address the client uses the local stack, with a token signed for these organisations, scopes and role
        unless one is given. Raises WorkbenchError when there is no stack, or no token for a deployed API.
        """
        if url is None:
            state = read_state(here())
            url = state.http_url
            token = token or TokenSigner(state).sign(str(uuid4()), org_ids, role=role, scopes=scopes)
        if not token:
            raise WorkbenchError("A deployed API needs a token: --token, or ROLLCALL_TOKEN in the environment.")
        return cls(
            httpx.Client(
                base_url=url.rstrip("/"), headers={"Authorization": f"Bearer {token}"}, timeout=TIMEOUT_SECONDS
            )
        )

    def get(self, path: str, **query: str | int) -> dict[str, Any]:
        """Return the JSON answer; raises ApiRefused, ApiUnavailable."""
        return self._answer("GET", path, params=query)

    def get_text(self, path: str, **query: str | int) -> tuple[str, str | None]:
        """Return the answer's text, and the link to the next page, or None at the end; raises what `get` raises."""
        response = self._send("GET", path, params=query)
        return response.text, response.links.get("next", {}).get("url")

    def post(
        self, path: str, body: dict[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Send JSON and return the JSON answer; raises ApiRefused, ApiUnavailable."""
        return self._answer("POST", path, json=body, headers=headers)

    def put(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Send JSON and return the JSON answer; raises ApiRefused, ApiUnavailable."""
        return self._answer("PUT", path, json=body)

    def post_lines(self, path: str, lines: bytes, **query: str | int) -> dict[str, Any]:
        """Send JSON lines and return the JSON answer; raises ApiRefused, ApiUnavailable."""
        headers = {"Content-Type": "application/x-ndjson"}
        return self._answer("POST", path, content=lines, params=query, headers=headers)

    def _answer(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        return _json_of(self._send(method, path, **options))

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            response = self.http.request(method, path, **options)
        except httpx.HTTPError as fault:
            raise ApiUnavailable(f"{self.http.base_url} cannot be reached: {type(fault).__name__}.") from fault
        if response.is_success:
            return response
        document = _json_of(response)
        detail = str(document.get("detail") or document.get("message") or response.reason_phrase)
        for found in document.get("errors", []):
            detail += f"\n  {found['pointer']} {found['detail']}"
        if response.status_code in UNAVAILABLE:
            raise ApiUnavailable(f"{detail} ({response.status_code})")
        raise ApiRefused(response.status_code, str(document.get("code", "")), detail)


def _json_of(response: httpx.Response) -> dict[str, Any]:
    try:
        document = response.json()
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
