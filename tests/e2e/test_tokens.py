"""Tokens that are not good here: each is 401 with its code, and nothing is stored."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt
import pytest

from tests.e2e.people import BATCH, Api
from tests.e2e.test_refusals import assert_problem
from tests.e2e.waiting import await_until
from workbench.stack.deployment import secrets_client
from workbench.stack.state import StackState

ORG_ID = str(uuid4())


@pytest.fixture(scope="module")
def secret(state: StackState) -> str:
    """The secret that tokens are signed with here."""
    client = secrets_client(state.aws_endpoint_url)
    return client.get_secret_value(SecretId=state.jwt_secret_arn)["SecretString"]


def claims(state: StackState, **changes: Any) -> dict[str, Any]:
    """Return good claims, with these changed."""
    good = {
        "iss": state.jwt_issuer,
        "aud": state.jwt_audience,
        "sub": str(uuid4()),
        "org_ids": [ORG_ID],
        "exp": datetime.now(UTC) + timedelta(minutes=5),
    }
    return good | changes


def assert_refused(api: Api, authorization: str, code: str) -> None:
    """Assert that this Authorization header is 401 with that code."""
    response = api.http.post(BATCH, json={"events": [{}]}, headers={"Authorization": authorization})
    assert_problem(response, 401, code)
    assert response.headers["www-authenticate"] == f'Bearer error="{code}"'


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"exp": datetime.now(UTC) - timedelta(minutes=2)}, "token_expired"),
        ({"nbf": datetime.now(UTC) + timedelta(hours=2)}, "token_invalid"),
        ({"iss": "https://elsewhere.example"}, "token_invalid"),
        ({"aud": "something-else"}, "token_invalid"),
        ({"org_ids": []}, "token_invalid"),
        ({"org_ids": ["not-a-uuid"]}, "token_invalid"),
        ({"org_ids": ORG_ID}, "token_invalid"),
        ({"role": "administrator"}, "token_invalid"),
        ({"sub": ""}, "token_invalid"),
        ({"sub": "service\0"}, "token_invalid"),
        ({"exp": 1e999}, "token_invalid"),
    ],
)
def test_token_with_wrong_claims_is_refused(
    api: Api, state: StackState, secret: str, changes: dict[str, Any], code: str
) -> None:
    """A token signed with our own secret is still refused for what it says."""
    assert_refused(api, f"Bearer {jwt.encode(claims(state, **changes), secret, algorithm='HS256')}", code)


@pytest.mark.parametrize("header", [{"alg": "none"}, {"alg": "HS512"}, {"alg": ["HS256"]}, {"alg": "HS256"}, {}, []])
def test_token_with_a_forged_header_is_refused(api: Api, state: StackState, header: Any) -> None:
    """A caller without the secret gains nothing by the claims of a header, `alg: none` included."""
    good = claims(state, exp=int(datetime.now(UTC).timestamp()) + 300)
    for signature in ("", "AAAA"):
        assert_refused(api, f"Bearer {_encoded(header)}.{_encoded(good)}.{signature}", "token_invalid")


def test_deeply_nested_header_is_refused(api: Api) -> None:
    """A header of thousands of brackets is no error of ours."""
    nested = base64.urlsafe_b64encode(b'{"alg":' + b"[" * 2500 + b"]" * 2500 + b"}").decode().rstrip("=")
    assert_refused(api, f"Bearer {nested}.e30.AAAA", "token_invalid")


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        ("Basic dXNlcjpwYXNz", "token_missing"),
        ("Bearer", "token_missing"),
        ("Bearer nonsense", "token_invalid"),
        ("Bearer a.b.c", "token_invalid"),
        ("Bearer " + "x" * 9000, "token_invalid"),
    ],
)
def test_header_without_a_token_is_refused(api: Api, authorization: str, code: str) -> None:
    """Another scheme is a missing token, nonsense an invalid one."""
    assert_refused(api, authorization, code)


def test_signature_of_another_secret_is_refused(api: Api, state: StackState) -> None:
    """A well-formed token of somebody else's making is refused."""
    token = jwt.encode(claims(state), "another-secret-of-sufficient-length-for-it", algorithm="HS256")
    assert_refused(api, f"Bearer {token}", "token_invalid")


def test_expiry_within_the_allowed_skew_is_accepted(api: Api, state: StackState, secret: str) -> None:
    """Clocks may differ by a minute: a token that expired half a minute ago is let in."""
    recent = claims(state, exp=datetime.now(UTC) - timedelta(seconds=30))
    token = jwt.encode(recent, secret, algorithm="HS256")
    response = api.http.post(BATCH, json={"events": []}, headers={"Authorization": f"Bearer {token}"})
    assert response.json()["code"] == "invalid_events"


def test_token_ends_on_time_though_the_gateway_remembers_it(api: Api, state: StackState, secret: str) -> None:
    """API Gateway keeps an authorizer's answer for a minute; a token that expires meanwhile is refused all the same."""
    ending = claims(state, exp=datetime.now(UTC) - timedelta(seconds=58))
    token = jwt.encode(ending, secret, algorithm="HS256")

    def code() -> str:
        response = api.http.post(BATCH, json={"events": []}, headers={"Authorization": f"Bearer {token}"})
        return str(response.json()["code"])

    assert code() == "invalid_events"
    await_until(lambda: code() == "token_expired", "the token is refused", 5)


def _encoded(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
