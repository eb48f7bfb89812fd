"""The caller's way from the authorizer through API Gateway to a handler."""

from datetime import timedelta

import pytest
from rollcall.edge.http.identity import caller_of, context_of
from rollcall.errors import ExpiredToken, InvalidToken, KeysUnavailable, RollcallError, Unauthorized

from tests.builders import NOW, USER, caller
from tests.template.document import Template


def test_a_caller_survives_the_context() -> None:
    """A handler reads back the context that the authorizer writes; its members are flat, as API Gateway requires."""
    original = caller(scopes=frozenset({"admin:read", "admin:write"}))
    context = context_of(original)
    assert all(isinstance(value, str | int) for value in context.values())
    assert caller_of(context, NOW) == original


@pytest.mark.parametrize(
    ("context", "kind"),
    [
        ({}, Unauthorized),
        ({"refusal": "token_missing"}, Unauthorized),
        ({"refusal": "token_invalid"}, InvalidToken),
        ({"refusal": "token_expired"}, ExpiredToken),
        ({"refusal": "keys_unavailable"}, KeysUnavailable),
        ({"refusal": "something new"}, InvalidToken),
        ({"refusal": "token_invalid", **context_of(caller())}, InvalidToken),
    ],
)
def test_a_missing_or_refused_context_is_an_error(context: dict[str, object], kind: type[RollcallError]) -> None:
    """A refusal is raised as its own error; a route without its authorizer refuses every request."""
    with pytest.raises(kind):
        caller_of(context, NOW)


def test_a_kept_answer_of_the_authorizer_does_not_outlive_the_token() -> None:
    """API Gateway keeps answers for a minute: the expiry is checked again."""
    with pytest.raises(ExpiredToken):
        caller_of(context_of(caller()), NOW + timedelta(hours=1))


def test_a_refusal_that_passes_is_tried_again_when_it_can_have_passed() -> None:
    """API Gateway keeps the answer "keys unreadable" for a while: an earlier retry would get the same answer."""
    kept = Template.read().of("AWS::ApiGatewayV2::Authorizer")["Authorizer"]["AuthorizerResultTtlInSeconds"]
    with pytest.raises(KeysUnavailable) as raised:
        caller_of({"refusal": "keys_unavailable"}, NOW)
    assert raised.value.retry_after_seconds == kept


def test_a_learner_is_known_in_capitals_too() -> None:
    """Some identity providers write UUIDs so."""
    assert caller(subject=str(USER).upper()).user_id == USER
    assert caller(subject="school-sync", role="service").user_id is None
