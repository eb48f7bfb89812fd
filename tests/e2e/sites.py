"""Organisations whose websites and servers send what happens by a public client, under a write key."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from typer.testing import CliRunner

from tests.e2e.database import Database
from tests.e2e.people import Sent
from workbench.cli import app
from workbench.stack.state import StackState

PERSONAL = {"email": "kim.canary@school.example", "name": "Kim Canary", "note": "canary lives by the mill"}


@dataclass(frozen=True)
class Site:
    """An organisation that has write keys."""

    state: StackState
    sent: Sent
    org_id: UUID = field(default_factory=uuid4)

    def command(self, *arguments: object) -> str:
        """Run `rollcall write-key` for this organisation, and return what it printed."""
        whole = ["write-key", *map(str, arguments), "--org", str(self.org_id), "--dsn", self.state.dsn]
        done = CliRunner().invoke(app, whole, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return str(done.stdout)

    def make_key(self) -> str:
        """Make a write key."""
        key = self.command("create", "--label", "website").splitlines()[-1]
        self.sent.note(key)
        return key

    def rows(self, database: Database) -> list[tuple[Any, ...]]:
        """Return what is stored: name, pseudonyms and properties, by name."""
        return database.rows(
            "select name, user_pseudonym, anonymous_pseudonym, properties from rollcall.analytics_events"
            " where org_id = %s order by name, event_id",
            self.org_id,
        )

    def lessons(self, database: Database) -> list[str]:
        """Return the lesson_id of every stored event, in order, each as often as it is stored."""
        found = database.rows(
            "select properties->>'lesson_id' from rollcall.analytics_events where org_id = %s", self.org_id
        )
        return sorted(str(lesson_id) for (lesson_id,) in found)

    def secrets_kept(self, database: Database, *secrets: str) -> list[str]:
        """Return which of these, and of what tells who somebody is, stand anywhere in the database."""
        told = [*PERSONAL.values(), "canary", *secrets]
        everything = "\n".join(database.dump())
        return [secret for secret in told if secret in everything]
