"""What answers the console in the place of others, where the true one cannot be made to say it."""

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import uuid4

from playwright.sync_api import Route, WebSocketRoute

from tests.e2e.browser import Console
from tests.e2e.cloud import Cloud
from tests.e2e.people import Sender
from tests.e2e.waiting import await_until

HOSTILE = "<img src=x onerror=alert(1)>"
COUNTED_AT = "2026-11-21T12:00:00.123456Z"


def await_page(console: Console, condition: Callable[[], bool]) -> None:
    """Wait until the page has made a condition true: what it sends is heard only while the page is waited for."""

    def looked() -> bool:
        console.page.wait_for_timeout(50)
        return condition()

    await_until(looked, "the page does so")


def have_measured(cloud: Cloud) -> None:
    """Let health be measured now: otherwise it is when the schedule fires, within a minute."""
    signal = {"seen": "database_reachable", "seen_at": datetime.now(UTC).isoformat(), "service": "e2e"}
    cloud.put("signal", json.dumps(signal))


def configure(console: Console, **changes: Any) -> None:
    """Give the page another configuration."""

    def answer(route: Route) -> None:
        told = route.fetch()
        route.fulfill(response=told, json={**told.json(), **changes})

    console.page.route("**/console/config.json", answer)


class FakeSocket:
    """Answers the page in the place of the API: a snapshot, after all refusals; keeps what the page said."""

    def __init__(self, console: Console) -> None:
        self.heard: list[Any] = []
        self.opened: list[WebSocketRoute] = []
        self.refusals: list[dict[str, Any]] = []
        self.sequence = 5
        self.health: dict[str, Any] = {"status": "ok"}
        self.organisations: dict[str, Any] = {}
        console.page.route_web_socket(re.compile("/live"), self._open)

    def _open(self, socket: WebSocketRoute) -> None:
        self.opened.append(socket)
        socket.on_message(lambda text: self._answer(socket, text))

    def _answer(self, socket: WebSocketRoute, text: str | bytes) -> None:
        self.heard.append(json.loads(text))
        if self.refusals:
            return socket.send(json.dumps(self.refusals.pop(0)))
        snapshot = {"health": self.health, "organisations": self.organisations}
        return self.say("health.snapshot", sequence=self.sequence, socket=socket, **snapshot)

    def say(self, kind: str, socket: WebSocketRoute | None = None, **members: Any) -> None:
        """Send the page a message, on the latest of its sockets unless another is named."""
        advice = {"flush_interval_ms": 0, "batch_size": 100, "pause_until": None}
        message = {"type": kind, "sent_at": datetime.now(UTC).isoformat(), "advice": advice, **members}
        (socket or self.opened[-1]).send(json.dumps(message))


class FakeLetters:
    """Two dead letters of one cause and different codes, and redrives and discards of them that never happen."""

    def __init__(self, console: Console) -> None:
        self.asked: list[dict[str, Any]] = []
        self.states: Iterator[int | str] = iter(())
        """What becomes of redrives: a state, or the status of a refusal, each time that it is asked for."""
        self._operation = str(uuid4())
        self._letters = [_letter(HOSTILE), _letter("not_utf8")]
        page, base = console.page, "/api/admin/dead-letters"
        page.route(re.compile(rf"{base}\?"), self._list)
        page.route(f"**{base}/discard", self._discard)
        page.route(f"**{base}/redrive", self._redrive)
        page.route(re.compile(rf"{base}/redrive/[^/]+\?"), self._report)

    def _list(self, route: Route) -> None:
        shared = ("queue", "cause", "error_code", "state", "last_failed_at")
        counts = {"letter_count": 1, "event_count": 0}
        groups = [{**{name: letter[name] for name in shared}, **counts} for letter in self._letters]
        route.fulfill(json={"groups": groups, "dead_letters": self._letters})

    def _discard(self, route: Route) -> None:
        order = self._note(route)
        if order["dry_run"]:
            return route.fulfill(json={"dry_run": True, "discarded": 5000, "remaining": 7000, "until": COUNTED_AT})
        problem = {"code": "backlog_exceeded", "detail": "Too much waits.", "request_id": "request-17"}
        return route.fulfill(status=503, headers={"Retry-After": "30"}, json=problem)

    def _redrive(self, route: Route) -> None:
        self._note(route)
        route.fulfill(status=202, json={"operation_id": self._operation})

    def _report(self, route: Route) -> None:
        state = next(self.states)
        if isinstance(state, int):
            return route.fulfill(status=state, headers={"Retry-After": "1"}, json={"code": "store_unavailable"})
        redrive = {"state": state, "progress": 0.5, "counts": {"redriven": 2}, "error_code": None}
        messages = {"redriven": 2, "failed": 0, "resolved": 0, "open_again": 0}
        return route.fulfill(json={"redrive": redrive, "messages": messages, "results": []})

    def _note(self, route: Route) -> dict[str, Any]:
        order: dict[str, Any] = json.loads(route.request.post_data or "{}")
        self.asked.append(order)
        return order


def _letter(error_code: str) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat()
    return {
        "queue": "spool", "cause": "poisoned", "error_code": error_code, "state": "open", "org_id": str(uuid4()),
        "first_failed_at": now, "last_failed_at": now, "dead_letter_id": str(uuid4()), "failure_count": 1,
        "event_count": 0,
    }  # fmt: skip


class FakeProvider:
    """An identity provider, at the page's own origin, since its policy lets it reach no other."""

    def __init__(self, console: Console, sender: Sender) -> None:
        self.challenge = ""
        self.authorised: dict[str, list[str]] = {}
        self.redeemed: dict[str, list[str]] = {}
        self.left: dict[str, list[str]] = {}
        self.issuer = self._url = f"{console.url}-provider"
        self._token = sender.token
        asked = {"scope": "openid rollcall", "audience": "rollcall"}
        configure(console, oidc={"authority": self._url, "client_id": "console", **asked})
        page = console.page
        page.route(f"{self._url}/.well-known/openid-configuration", self._describe)
        page.route(re.compile(re.escape(f"{self._url}/authorize")), self._authorise)
        page.route(re.compile(re.escape(f"{self._url}/leave")), self._leave)
        page.route(f"{self._url}/token", self._redeem)

    @staticmethod
    def challenge_of(verifier: str) -> str:
        """Return S256 of a verifier (RFC 7636)."""
        return _base64url(hashlib.sha256(verifier.encode()).digest())

    def _describe(self, route: Route) -> None:
        names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "end_session_endpoint": "leave"}
        endpoints = {name: f"{self._url}/{path}" for name, path in names.items()}
        route.fulfill(json={"issuer": self._url, **endpoints})

    def _authorise(self, route: Route) -> None:
        self.authorised = asked = parse_qs(urlsplit(route.request.url).query)
        assert (asked["response_type"], asked["code_challenge_method"]) == (["code"], ["S256"])
        self.challenge = asked["code_challenge"][0]
        back = f"{asked['redirect_uri'][0]}?{urlencode({'code': 'code-1', 'state': asked['state'][0]})}"
        route.fulfill(status=302, headers={"Location": back})

    def _redeem(self, route: Route) -> None:
        self.redeemed = parse_qs(route.request.post_data or "")
        claims = {"nonce": self.authorised["nonce"][0], "iss": self.issuer, "aud": ["console"]}
        told = _base64url(json.dumps(claims).encode())
        route.fulfill(json={"access_token": self._token, "id_token": f"{told}.{told}.{told}"})

    def _leave(self, route: Route) -> None:
        self.left = parse_qs(urlsplit(route.request.url).query)
        route.fulfill(status=302, headers={"Location": self.left["post_logout_redirect_uri"][0]})


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
