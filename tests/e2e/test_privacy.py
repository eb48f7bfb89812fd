"""Erasing and exporting one learner on the deployed stack, by the command line; then everything is searched."""

import gzip
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from typer.testing import CliRunner, Result

from tests.builders import queued_batch, scrubbed_event
from tests.e2e.cloud import Cloud
from tests.e2e.database import Database
from tests.e2e.people import Api, Sender, reasons, statuses
from tests.e2e.test_refusals import assert_problem
from tests.e2e.waiting import await_until
from workbench import cli
from workbench.stack.state import StackState

PATH = "/api/admin/privacy"
WHY = "the parents asked for it"
DEVICE = "a-tablet-before-sign-in"
PROGRESS, HAPPENINGS = 12, 5


@dataclass
class School:
    """An organisation on the stack, with a learner who is everywhere, and a sibling beside."""

    api: Api
    cloud: Cloud
    database: Database
    state: StackState

    def __post_init__(self) -> None:
        """Make people up."""
        self.org_id = uuid4()
        self.learner, self.sibling = self.api.learner(self.org_id), self.api.learner(self.org_id)
        self.administrator = self.api.administrator(self.org_id, scope="admin:write")
        self.events = self.learner.events(PROGRESS)
        self.happenings = [
            *self.learner.happenings(HAPPENINGS),
            self.learner.happening(user_id=..., anonymous_id=DEVICE),
        ]

    def fill(self) -> None:
        """Send something of both over every way that leads to where something is kept."""
        for person, events in ((self.learner, self.events), (self.sibling, self.sibling.events(PROGRESS))):
            assert set(statuses(person.send(events))) == {"accepted"}
        self.learner.tell(self.happenings)
        self.sibling.tell(self.sibling.happenings(HAPPENINGS))
        expected = 2 * HAPPENINGS + 1
        await_until(lambda: len(self.database.analytics_ids(self.org_id)) == expected, "analytics are stored")
        self.cloud.spool(self.spooled(self.learner, self.sibling))
        # The database refuses NUL: it becomes a dead letter.
        dead = scrubbed_event(user_pseudonym=self.pseudonyms[0], properties={"score": "\x00"})
        self.cloud.put("analytics", queued_batch(self.org_id, dead).model_dump_json(exclude_none=True))
        where = (f"spool/{self.org_id}/", f"dead-letters/{self.org_id}/")
        await_until(
            lambda: all(any(text.startswith(folder) for text in self.cloud.objects()) for folder in where),
            "messages are archived",
            90,
        )

    def spooled(self, *people: Sender) -> str:
        """Return a message of the spool with an event of each."""
        return json.dumps(
            {
                "subject": str(people[0].user_id),
                "org_ids": [str(self.org_id)],
                "received_at": datetime.now(UTC).isoformat(),
                "events": [person.event() for person in people],
            }
        )

    @property
    def pseudonyms(self) -> list[str]:
        """What the learner is called in analytics events: their id, and the device."""
        ids = [event["event_id"] for event in self.happenings]
        rows = self.database.rows(
            "select distinct coalesce(user_pseudonym, anonymous_pseudonym) from rollcall.analytics_events"
            " where org_id = %s and event_id = any(%s::uuid[]) order by 1",
            self.org_id,
            ids,
        )
        first = self.database.rows(
            "select user_pseudonym from rollcall.analytics_events where org_id = %s and event_id = %s",
            self.org_id,
            ids[0],
        )
        return [*(row[0] for row in first), *(row[0] for row in rows if row not in first)]

    def run(self, *arguments: str, user_id: UUID | None = None) -> Result:
        """Run a command about the learner."""
        whom = ["--org", str(self.org_id), "--user", str(user_id or self.learner.user_id), "--reason", WHY]
        deployed = {"ROLLCALL_URL": self.state.http_url, "ROLLCALL_TOKEN": self.administrator.token}
        return CliRunner().invoke(cli.app, ["privacy", *arguments, *whom, "--other-id", DEVICE], env=deployed)

    def rows_of_others(self) -> set[str]:
        """Return the rows of everybody else's progress, with their versions."""
        found = self.database.rows(
            "select t::text || xmin::text from rollcall.progress_events as t where user_id <> %s", self.learner.user_id
        )
        return {row for (row,) in found}

    def mentions(self, named: list[str]) -> list[str]:
        """Return everything in the database, the archive and the queues that has one of these texts in it."""
        sources = (self.database.dump(), self.cloud.objects(), self.cloud.messages(), self.cloud.log_lines())
        return [text[:400] for source in sources for text in source if any(name in text for name in named)]


@pytest.fixture(scope="module")
def school(api: Api, cloud: Cloud, database: Database, state: StackState) -> School:
    """A school that has sent what it has."""
    filled = School(api, cloud, database, state)
    filled.fill()
    return filled


def test_a_learner_is_exported_and_erased(school: School, tmp_path: Path) -> None:
    """The export has every event; after the erasure nothing on the stack names the learner, and old events stay out."""
    target, paper = tmp_path / "export.jsonl.gz", tmp_path / "certificate.json"
    assert school.run("export", "--output", str(target)).exit_code == 0
    manifest, *lines = [json.loads(line) for line in gzip.decompress(target.read_bytes()).decode().splitlines()]
    told = {line["row"]["event_id"] for line in lines if line["source"] in {"progress_events", "analytics_events"}}
    assert told >= {event["event_id"] for event in [*school.events, *school.happenings]}
    assert {"spool", "dead_letters", "lesson_progress", "learners", "batch_audit"} <= set(
        manifest["manifest"]["counts"]
    )

    named = [str(school.learner.user_id), *school.pseudonyms]
    assert school.mentions(named), "there is something to erase"
    others = school.rows_of_others()
    dry = school.run("erase", "--dry-run", "--json")
    assert json.loads(dry.stdout)["counts"]["deleted_progress_events"] == PROGRESS + 1
    assert len(school.mentions(named)) > PROGRESS
    erased = school.run("erase", "--yes", "--certificate", str(paper))
    assert erased.exit_code == 0, erased.output
    assert school.mentions(named) == []
    assert others <= school.rows_of_others()
    _assert_certified(school, paper)
    _assert_barred(school, named)


def _assert_certified(school: School, paper: Path) -> None:
    certificate = json.loads(paper.read_text())
    assert (certificate["is_clean"], certificate["residue"]) == (True, {})
    assert certificate["counts"]["deleted_progress_events"] == PROGRESS + 1
    deployed = {"ROLLCALL_URL": school.state.http_url, "ROLLCALL_TOKEN": school.administrator.token}
    verify = ["privacy", "verify-certificate", str(paper)]
    assert CliRunner().invoke(cli.app, verify, env=deployed).exit_code == 0
    paper.write_text(json.dumps(certificate | {"residue": {"spool": 1}}))
    assert CliRunner().invoke(cli.app, verify, env=deployed).exit_code == 1


def _assert_barred(school: School, named: list[str]) -> None:
    """What a device still has is refused; what waited in queues is dropped and not archived; new events are taken."""
    late = school.learner.event(occurred_at=(datetime.now(UTC) - timedelta(days=2)).isoformat())
    answer = school.learner.send([*school.events[:2], late])
    assert reasons(answer) == ["learner_erased"] * 3
    message = json.loads(school.spooled(school.learner))
    message["received_at"] = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    message["subject"] = "archive"
    school.cloud.spool(json.dumps(message))
    await_until(lambda: school.cloud.spooled() == 0, "the spool is empty")
    archived = [text for text in school.cloud.objects() if named[0] in text]
    assert archived == []
    assert reasons(school.sibling.send([school.sibling.event()])) == [None]
    assert reasons(school.learner.send([school.learner.event()])) == [None], "a new beginning"


def test_asked_twice_it_is_the_same(school: School) -> None:
    """While an export is at work, asking again answers the same operation."""
    body = {"org_id": str(school.org_id), "user_id": str(uuid4()), "reason": WHY}
    first, second = (school.administrator.post(f"{PATH}/export", json=body) for _ in range(2))
    assert (first.status_code, second.status_code) == (202, 202)
    known = school.administrator.get(f"{PATH}/export", org_id=str(school.org_id)).json()["exports"]
    assert {first.json()["operation_id"], second.json()["operation_id"]} <= {view["operation_id"] for view in known}


@pytest.mark.parametrize("kind", ["erase", "export"])
def test_only_administrators_of_the_organisation_may(school: School, api: Api, kind: str) -> None:
    """Without the scope, or the organisation, nothing happens and the answer reveals nothing."""
    body: dict[str, Any] = {"org_id": str(school.org_id), "user_id": str(uuid4()), "reason": WHY}
    reader = api.administrator(school.org_id, scope="admin:read")
    assert_problem(reader.post(f"{PATH}/{kind}", json=body), 403, "scope_missing")
    stranger = api.administrator(scope="admin:write")
    assert_problem(stranger.post(f"{PATH}/{kind}", json=body), 403, "org_forbidden")
    asked = school.administrator.post(f"{PATH}/{kind}", json=body | {"dry_run": True})
    operation_id = asked.json()["operation_id"]
    assert_problem(stranger.get(f"{PATH}/{kind}/{operation_id}"), 404, "operation_unknown")
