"""What the migrate function answers to CloudFormation."""

from types import SimpleNamespace
from typing import Any

import pytest
from rollcall.errors import DatabaseAhead, MigrationRefused, RollcallError

from functions.migrate import app

CONTEXT = SimpleNamespace(aws_request_id="1", function_name="migrate")


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what was answered."""
    given: list[str] = []
    monkeypatch.setattr(app, "answer", lambda _event, status, _reason: given.append(status))
    return given


def migration_raises(monkeypatch: pytest.MonkeyPatch, error: RollcallError) -> None:
    def migrate() -> Any:
        raise error

    monkeypatch.setattr(app, "migrate", migrate)


def test_a_rollback_leaves_a_newer_schema_alone(monkeypatch: pytest.MonkeyPatch, answers: list[str]) -> None:
    """Rolled back to, an older function succeeds without touching the schema, and the stack is not stuck."""
    migration_raises(monkeypatch, DatabaseAhead())

    assert app.handler({"RequestType": "Update"}, CONTEXT) == {"applied": []}
    assert answers == ["SUCCESS"]


@pytest.mark.parametrize(
    ("request_type", "error"),
    [("Create", DatabaseAhead()), ("Update", MigrationRefused()), ("Create", RollcallError())],
)
def test_a_refusal_fails_the_deployment(
    monkeypatch: pytest.MonkeyPatch, answers: list[str], request_type: str, error: RollcallError
) -> None:
    """A new stack on a newer schema fails, and so does a migration that is refused."""
    migration_raises(monkeypatch, error)

    with pytest.raises(type(error)):
        app.handler({"RequestType": request_type}, CONTEXT)
    assert answers == ["FAILED"]


def test_a_deletion_keeps_the_data(monkeypatch: pytest.MonkeyPatch, answers: list[str]) -> None:
    """Deleting the stack does nothing to the database."""
    migration_raises(monkeypatch, RollcallError("migrated"))

    app.handler({"RequestType": "Delete"}, CONTEXT)

    assert answers == ["SUCCESS"]
