"""The console's configuration and its policy: where its page may ask, and for what."""

import json
from pathlib import Path

import pytest
from rollcall.edge.http.messages import Request
from rollcall.edge.routes import console

SOCKET, AUTHORITY, TOKENS = "wss://sockets.example/live", "https://provider.example/pool", "https://tokens.example"


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A folder with a page."""
    (tmp_path / console.PAGE).write_text("<!doctype html>")
    return tmp_path


def answered(folder: Path, name: str) -> tuple[str, str]:
    """Return the body of a file as it is served, and the origins that the page may ask."""
    event = {"routeKey": "GET /console/{file}", "requestContext": {"requestId": "1"}, "headers": {}}
    response = console.answer(console.read_assets(folder), name, Request(event))
    policy = dict(part.split(" ", 1) for part in response.headers["Content-Security-Policy"].split("; "))
    return str(response.body), policy["connect-src"]


def test_a_provider_is_reached_where_it_gives_tokens(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The token endpoint may be at another origin than the authority; the page gets scope and audience."""
    settings = {
        "SOCKET_URL": SOCKET,
        "OIDC_AUTHORITY": AUTHORITY,
        "OIDC_CLIENT_ID": "console",
        "OIDC_SCOPE": "openid rollcall/admin",
        "OIDC_AUDIENCE": "rollcall",
        "OIDC_ORIGINS": f"{TOKENS}, ",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)

    body, origins = answered(page, console.CONFIGURATION)

    assert origins == "'self' wss://sockets.example https://provider.example https://tokens.example"
    assert json.loads(body)["oidc"] == {
        "authority": AUTHORITY,
        "client_id": "console",
        "scope": "openid rollcall/admin",
        "audience": "rollcall",
    }


def test_without_a_client_id_the_page_offers_no_sign_in(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An authority without a client id configures no provider."""
    monkeypatch.setenv("OIDC_AUTHORITY", AUTHORITY)
    body, _ = answered(page, console.CONFIGURATION)
    assert json.loads(body)["oidc"] is None
