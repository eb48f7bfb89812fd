"""Write keys over HTTP on the deployed stack: by the command with a token, without a way into the database."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from typer.testing import CliRunner

from tests.e2e.database import Database
from tests.e2e.people import Api, Sender
from tests.e2e.test_refusals import assert_problem
from tests.e2e.waiting import await_until
from workbench.cli import app
from workbench.stack.state import StackState

LABEL = "website of kim.canary@school.example"


def command(state: StackState, administrator: Sender, *arguments: object) -> str:
    """Run `rollcall write-key` as somebody who has a token and the API's address alone."""
    who = ["--org", str(administrator.org_ids[0]), "--url", state.http_url, "--token", administrator.token]
    done = CliRunner().invoke(app, ["write-key", *map(str, arguments), *who], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return str(done.stdout)


def capture(api: Api, key: str) -> Any:
    """Send an event under a key."""
    event = {"event": "lesson_viewed", "uuid": str(uuid4()), "timestamp": datetime.now(UTC).isoformat()}
    return api.http.post("/e/", json={"api_key": key, "batch": [event]})


def test_a_key_is_made_used_rotated_and_revoked(state: StackState, api: Api, database: Database) -> None:
    """Its secret is shown once; the old key ends at its time; each step stays in its row, without anything personal."""
    administrator = api.administrator(uuid4(), scope="admin:write")
    old = command(state, administrator, "create", "--label", LABEL).splitlines()[-1]
    (listed,) = command(state, administrator, "list").splitlines()
    assert "valid" in listed
    assert "never" in listed
    assert "canary" not in listed
    old_id = listed.split()[0]

    new = command(state, administrator, "rotate", old_id, "--overlap-hours", 0).splitlines()[-1]
    assert_problem(capture(api, old), 401, "write_key_invalid")
    assert capture(api, new).status_code == 200
    await_until(
        lambda: bool(
            database.rows("select from rollcall.analytics_events where org_id = %s", administrator.org_ids[0])
        ),
        "the event is stored",
    )
    first, second = command(state, administrator, "list").splitlines()
    assert "ended" in first
    assert "never" not in second

    command(state, administrator, "revoke", second.split()[0])
    assert "revoked" in command(state, administrator, "list").splitlines()[1]
    kept = "\n".join(database.dump())
    assert [secret for secret in (old, new, old[-43:], new[-43:], "canary@") if secret in kept] == []


def test_only_administrators_of_the_organisation_make_keys(api: Api) -> None:
    """Administrators of another organisation, readers, and callers without a token are refused."""
    org_id = uuid4()
    asked = {"org_id": str(org_id)}
    assert_problem(
        api.administrator(uuid4(), scope="admin:write").post("/api/admin/write-keys", json=asked), 403, "org_forbidden"
    )
    assert_problem(
        api.administrator(org_id, scope="admin:read").post("/api/admin/write-keys", json=asked), 403, "scope_missing"
    )
    assert api.http.post("/api/admin/write-keys", json=asked).status_code == 401
