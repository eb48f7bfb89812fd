"""Pages of other origins may send the headers of public clients, each of which is allowed by name."""

import pytest

from tests.template.document import Template

# Headers that fetch and XMLHttpRequest send without a preflight.
SAFELISTED = {"accept", "accept-language", "content-language"}
# Headers of each client, from its source code.
CLIENTS: dict[str, set[str]] = {
    "@segment/analytics-next 1.84": {"content-type", "authorization", "x-retry-count"},
    "@rudderstack/analytics-js 3.34": {
        "accept", "content-type", "authorization", "anonymousid", "sentat", "rsa-recovered", "rsa-retry-attempt",
        "rsa-since-last-attempt", "rsa-since-first-attempt", "rsa-retry-reason",
    },
    "posthog-js 1.449": {"content-type"},
    "Rollcall's own routes": {"authorization", "content-encoding", "content-type", "idempotency-key", "if-none-match"},
}  # fmt: skip
METHODS = {"GET", "POST", "PUT"}


def cors() -> dict[str, list[str]]:
    """Return the CORS configuration of a stack that allows origins."""
    condition, allowed, nothing = Template.read().properties("Api")["CorsConfiguration"]["Fn::If"]
    assert (condition, nothing) == ("AllowsOrigins", {"Ref": "AWS::NoValue"})
    found: dict[str, list[str]] = allowed
    return found


@pytest.mark.parametrize("client", CLIENTS)
def test_every_header_of_a_client_is_allowed(client: str) -> None:
    """Otherwise the browser sends nothing after its preflight, and the client reports success."""
    assert CLIENTS[client] - SAFELISTED <= set(cors()["AllowHeaders"])


def test_headers_are_allowed_by_name() -> None:
    """`*` does not cover authorization. Only headers that a client sends are allowed, and no cookies."""
    allowed = cors()["AllowHeaders"]
    assert allowed == sorted({header.lower() for header in allowed})
    assert set(allowed) <= set().union(*CLIENTS.values())
    assert set(cors()["AllowMethods"]) == METHODS
    assert "AllowCredentials" not in cors()


def test_clients_may_read_when_to_come_back() -> None:
    """A page can read only headers that are exposed."""
    assert "retry-after" in cors()["ExposeHeaders"]
