"""Dead letters on the deployed stack: kept, shown, redriven, discarded, reported; no event is stored twice."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, cast
from unittest.mock import ANY
from uuid import UUID, uuid4

import pytest
from rollcall.contracts.dead_letters.letter import NIL_ORGANISATION
from typer.testing import CliRunner, Result

from tests.builders import queued_batch, scrubbed_event
from tests.e2e.cloud import Cloud
from tests.e2e.database import Database
from tests.e2e.people import Api, Sender
from tests.e2e.test_refusals import assert_problem
from tests.e2e.waiting import await_until
from workbench import cli
from workbench.stack.state import StackState

LETTERS = "/api/admin/dead-letters"
WHY = "the fix is deployed"
PERSONAL = "kim.dead.letter@school.example"
EVENTS = 3  # in a batch

Command = Callable[..., Result]


class OrganisationFixture:
    """An organisation, its administrator, and its dead letters."""

    def __init__(self, api: Api, cloud: Cloud, org_id: UUID | None = None) -> None:
        self.org_id = org_id or uuid4()
        self.sender = api.administrator(
            self.org_id, scope="admin:super" if org_id == NIL_ORGANISATION else "admin:write"
        )
        self._cloud = cloud

    def refuse(self, number: int) -> list[str]:
        """Queue batches that the database refuses, and that scrubbing once more mends; return their events' ids."""
        # A number is declared here: a text is not kept, but this one comes past the function that would have seen it.
        now = datetime.now(UTC)  # older ones than the ledger vouches for would not be redriven
        batches = [
            queued_batch(
                self.org_id,
                *(scrubbed_event(occurred_at=now, properties={"score": "\x00"}) for _ in range(EVENTS)),
                received_at=now,
            )
            for _ in range(number)
        ]
        for batch in batches:
            self._cloud.put("analytics", json.dumps(batch.model_dump(mode="json", exclude_none=True)))
        return sorted(str(event.event_id) for batch in batches for event in batch.events)

    def ask(self, path: str = "", **query: str) -> dict[str, Any]:
        """Ask about them."""
        response = self.sender.get(f"{LETTERS}{path}", org_id=str(self.org_id), **query)
        assert response.status_code == 200, response.text
        return cast("dict[str, Any]", response.json())

    def letters(self, **query: str) -> list[dict[str, Any]]:
        """List them."""
        return cast("list[dict[str, Any]]", self.ask(**query, limit="200")["dead_letters"])

    def states(self) -> list[str]:
        """Return their states."""
        return sorted(letter["state"] for letter in self.letters())

    def await_states(self, *states: str) -> None:
        """Wait until they are so many in these states."""
        await_until(lambda: self.states() == sorted(states), f"dead letters are {states}", 90)

    def order(self, what: str, **changes: Any) -> Any:
        """Ask for a redrive, or a discard, of all of them."""
        body = {"org_id": str(self.org_id), "selection": {"all": True}, "reason": WHY} | changes
        return self.sender.post(f"{LETTERS}/{what}", json=body)

    def finished(self, operation_id: str, seconds: float = 60) -> dict[str, Any]:
        """Wait for the end of a redrive, and return its report."""
        path = f"/redrive/{operation_id}"
        await_until(lambda: self.ask(path)["redrive"]["state"] == "done", "the redrive is done", seconds)
        return self.ask(path, limit="200")


@pytest.fixture
def owner(api: Api, cloud: Cloud) -> OrganisationFixture:
    """An organisation of the test's own."""
    return OrganisationFixture(api, cloud)


@pytest.fixture
def run(state: StackState) -> Command:
    """Return a function that runs `rollcall` with a sender's token."""

    def run_command(sender: Sender, *arguments: str) -> Result:
        return CliRunner().invoke(cli.app, [*arguments, "--url", state.http_url, "--token", sender.token])

    return run_command


def test_what_was_refused_is_kept_shown_and_stored_at_last(
    owner: OrganisationFixture, api: Api, cloud: Cloud, database: Database
) -> None:
    """From the queue to a dead letter, from there to the database: each event once, and a receipt all the way."""
    event_ids = owner.refuse(4)
    owner.await_states(*["open"] * 4)
    assert cloud.waiting("analytics_dead_letter") == 0
    (group,) = owner.ask()["groups"]
    assert (group["queue"], group["cause"], group["letter_count"], group["event_count"]) == (
        "analytics", "store_refused", 4, 4 * EVENTS,
    )  # fmt: skip
    letter_id = owner.letters()[0]["dead_letter_id"]
    file = owner.ask(f"/{letter_id}")
    assert file["body"]["org_id"] == str(owner.org_id)
    assert [entry["what"] for entry in file["history"]] == ["failed"]
    receipt = owner.sender.get(f"/api/events/{file['event_ids'][0]}/receipt", org_id=str(owner.org_id)).json()
    assert (receipt["state"], receipt["dead_letter_id"]) == ("dead_letter", letter_id)
    assert database.analytics_ids(owner.org_id) == []

    rehearsal = owner.order("redrive", dry_run=True)
    assert rehearsal.status_code == 202
    assert owner.finished(rehearsal.json()["operation_id"])["redrive"]["counts"]["redriven"] == 4
    assert owner.states() == ["open"] * 4

    operation = owner.order("redrive")
    assert operation.status_code == 202
    owner.await_states(*["resolved"] * 4)
    report = owner.finished(operation.json()["operation_id"])
    assert report["messages"] == {"redriven": 4, "failed": 0, "resolved": 4, "open_again": 0}
    assert {result["state"] for result in report["results"]} == {"resolved"}
    assert database.analytics_ids(owner.org_id) == event_ids


def test_redrives_at_once_store_nothing_twice(owner: OrganisationFixture, cloud: Cloud, database: Database) -> None:
    """The same messages by several operations together, while workers are killed: each event is there once."""
    event_ids = owner.refuse(12)
    owner.await_states(*["open"] * 12)
    ids = [letter["dead_letter_id"] for letter in owner.letters()]
    selections: list[dict[str, Any]] = [
        {"dead_letter_ids": ids}, {"dead_letter_ids": ids, "queue": "analytics"}, {"all": True},
    ]  # fmt: skip
    with ThreadPoolExecutor(len(selections)) as pool:
        answers = list(pool.map(lambda selection: owner.order("redrive", selection=selection), selections))
    assert min(answer.status_code for answer in answers) == 202
    assert {answer.status_code for answer in answers} <= {202, 409}
    for part in ("OperationWorker", "Load"):
        for worker in cloud.workers(part):
            worker.kill()
    for answer in answers:
        if answer.status_code == 202:
            owner.finished(answer.json()["operation_id"], 180)
    owner.await_states(*["resolved"] * 12)
    await_until(lambda: cloud.waiting("analytics") == 0, "the queue is empty", 240)
    assert database.analytics_ids(owner.org_id) == event_ids


def test_poison_is_nobodys_scrubbed_and_comes_back_with_its_history(api: Api, cloud: Cloud) -> None:
    """Its organisation is unknown, so only admin:super sees it; after a redrive it is the same dead letter again."""
    nobodys, mark = OrganisationFixture(api, cloud, NIL_ORGANISATION), uuid4()
    cloud.spool(json.dumps({"contact": PERSONAL, "events": [{"event_id": str(mark)}]}))

    def mine() -> list[dict[str, Any]]:
        files = [nobodys.ask(f"/{letter['dead_letter_id']}") for letter in nobodys.letters(cause="poisoned")]
        return [file for file in files if file["event_ids"] == [str(mark)]]

    await_until(lambda: len(mine()) == 1, "the poison is a dead letter", 60)
    (file,) = mine()
    assert PERSONAL not in json.dumps(file)
    letter_id = file["dead_letter"]["dead_letter_id"]
    writer = api.administrator(NIL_ORGANISATION, scope="admin:breakglass")
    assert_problem(writer.get(LETTERS, org_id=str(NIL_ORGANISATION)), 403, "scope_missing")

    operation = nobodys.order("redrive", selection={"dead_letter_ids": [letter_id]}).json()
    nobodys.finished(operation["operation_id"])
    await_until(lambda: mine()[0]["dead_letter"]["failure_count"] == 2, "it failed again", 60)
    (file,) = mine()
    assert (file["dead_letter"]["state"], file["dead_letter"]["redrive_count"]) == ("open", 1)
    assert [entry["what"] for entry in file["history"]] == ["failed", "redriven", "failed"]

    gone = nobodys.order("discard", selection={"dead_letter_ids": [letter_id]})
    assert gone.json() | {"until": ANY} == {"dry_run": False, "discarded": 1, "remaining": 0, "until": ANY}
    (file,) = mine()
    assert file["dead_letter"]["state"] == "discarded"
    assert file["history"][-1]["reason"] == WHY


def test_no_organisation_sees_anothers(owner: OrganisationFixture, api: Api, cloud: Cloud) -> None:
    """By list, by id, by redrive, by discard: it is not there, or not theirs to ask about."""
    owner.refuse(1)
    owner.await_states("open")
    letter_id = owner.letters()[0]["dead_letter_id"]
    other = OrganisationFixture(api, cloud)
    assert other.letters() == []
    assert_problem(other.sender.get(f"{LETTERS}/{letter_id}", org_id=str(other.org_id)), 404, "dead_letter_unknown")
    assert_problem(other.sender.get(f"{LETTERS}/{letter_id}", org_id=str(owner.org_id)), 403, "org_forbidden")
    named = {"dead_letter_ids": [letter_id]}
    assert other.order("discard", selection=named).json()["discarded"] == 0
    report = other.finished(other.order("redrive", selection=named).json()["operation_id"])
    assert report["messages"]["redriven"] == 0
    assert_problem(other.order("discard", org_id=str(owner.org_id), selection=named), 403, "org_forbidden")
    assert owner.states() == ["open"]


def test_the_commands_do_what_a_person_on_call_needs(
    owner: OrganisationFixture, run: Command, database: Database
) -> None:
    """List, show, dry run, redrive with results, discard; each change needs a confirmation or `--yes`."""
    event_ids = owner.refuse(2)
    owner.await_states("open", "open")
    listed = run(owner.sender, "dead-letters")
    assert (listed.exit_code, "store_refused" in listed.output) == (0, True), listed.output
    letter_id = owner.letters()[0]["dead_letter_id"]
    shown = run(owner.sender, "dead-letters", "show", letter_id, "--json")
    assert json.loads(shown.stdout)["dead_letter"]["dead_letter_id"] == letter_id

    rehearsed = run(owner.sender, "redrive", "--all", "--reason", WHY, "--dry-run")
    assert (rehearsed.exit_code, "2 would be sent" in rehearsed.output) == (0, True)
    unasked = run(owner.sender, "redrive", "--all", "--reason", WHY)
    assert unasked.exit_code != 0
    assert owner.states() == ["open", "open"]

    redriven = run(owner.sender, "redrive", "--all", "--reason", WHY, "--yes")
    assert (redriven.exit_code, "2 stored" in redriven.output) == (0, True), redriven.output
    assert database.analytics_ids(owner.org_id) == event_ids
    assert "nothing to redrive" in run(owner.sender, "redrive", "--all", "--reason", WHY, "--yes").output


def test_the_digest_tells_once_of_what_is_new(owner: OrganisationFixture, cloud: Cloud) -> None:
    """One message with counts by queue and cause; the next hour, with nothing new, none."""
    cloud.invoke("DigestJob")
    inbox = cloud.subscribe("DigestJob")
    owner.refuse(2)
    owner.await_states("open", "open")
    assert cloud.invoke("DigestJob")["dead_letters"] >= 2
    assert cloud.invoke("DigestJob")["dead_letters"] == 0
    (message,) = inbox()
    assert "new dead letters" in message["Subject"]
    assert "store_refused" in message["Message"]
    assert str(owner.org_id) not in message["Message"]
