"""The caller's way from the authorizer through API Gateway to a handler."""

from datetime import timedelta

import pytest
from rollcall.edge.identity import caller_of, context_of
from rollcall.errors import ExpiredToken, InvalidToken, KeysUnavailable, RollcallError, Unauthorized

from tests.builders import NOW, caller


def test_a_caller_survives_the_context() -> None:
    """What the authorizer writes, a handler reads back; all of it flat, as API Gateway wants it."""
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
def test_no_context_no_caller(context: dict[str, object], kind: type[RollcallError]) -> None:
    """A refusal is raised as itself; a route without its authorizer lets nobody in."""
    with pytest.raises(kind):
        caller_of(context, NOW)


def test_a_kept_answer_of_the_authorizer_does_not_outlive_the_token() -> None:
    """API Gateway keeps answers for a minute: the expiry is checked again."""
    with pytest.raises(ExpiredToken):
        caller_of(context_of(caller()), NOW + timedelta(hours=1))
