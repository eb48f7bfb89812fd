"""POST /api/admin/learner-ids: who may ask, and that the names are those that ingestion gives. And its command."""

import csv
import io
import json
from typing import Any
from uuid import uuid4

import httpx
import pytest
from rollcall.contracts.privacy import LearnerRequest
from rollcall.domain.ingest.learner_id import LearnerIds
from rollcall.domain.scrub.pseudonym import Pseudonymiser
from rollcall.edge.wiring import environment
from rollcall.edge.wiring import privacy as wiring_privacy
from rollcall.edge.wiring import scrub as wiring_scrub
from rollcall.edge.wiring.ingest import progress as wiring_ingest
from rollcall.flows.ingest.learner_ids import NameLearners
from typer.testing import CliRunner

from tests.builders import ORG, USER
from tests.unit.edge.test_admin_function import ask
from tests.unit.ingest.test_ingest_flow import KEYRING, RecordingKeys
from workbench import cli
from workbench.api_client import ApiClient

ROUTE = "POST /api/admin/learner-ids"
TEXTS = ["user2", "kim@school.example", str(USER)]


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> RecordingKeys:
    """The organisation began with k2, and k1 is in use now."""
    known = RecordingKeys(known={ORG: "k2"})
    learners = NameLearners(lambda: KEYRING, known)
    monkeypatch.setattr(wiring_ingest, "learners", lambda: learners)
    monkeypatch.setattr(environment, "keyring", lambda: KEYRING)
    monkeypatch.setattr(wiring_scrub, "keyring", lambda: KEYRING)
    return known


def test_the_names_are_those_of_ingestion() -> None:
    """The UUID under the organisation's key, pseudonyms of text and UUID under every key; no text comes back."""
    status, answer = ask(ROUTE, {"org_id": str(ORG), "learner_ids": TEXTS})

    assert status == 200
    for text, names in zip(TEXTS, answer["learners"], strict=True):
        user_id = LearnerIds(KEYRING.secrets["k2"], ORG).user_id(text)
        assert names["user_id"] == str(user_id)
        for key_id in KEYRING.secrets:
            maker = Pseudonymiser(KEYRING, ORG).for_key(key_id)
            made = [maker.pseudonym(text), maker.pseudonym(str(user_id))]
            assert names["pseudonyms"][key_id] == list(dict.fromkeys(made))
    assert not any(text in json.dumps(answer) for text in TEXTS[:2])


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"scopes": "admin:read"}, "scope_missing"), ({"org_ids": str(uuid4())}, "org_forbidden")],
)
def test_only_who_may_link_them(keys: RecordingKeys, changes: dict[str, Any], code: str) -> None:
    """Progress is linked with analytics by it: as little as for an export is not enough."""
    status, answer = ask(ROUTE, {"org_id": str(ORG), "learner_ids": TEXTS}, **changes)
    assert (status, answer["code"], keys.asked) == (403, code, 0)


@pytest.mark.parametrize("learner_ids", [[], ["x"] * 1001, [""], [" "], [1], "user2", ["a\nb"], None])
def test_what_makes_no_sense_is_refused(learner_ids: Any) -> None:
    """400, and says where."""
    status, answer = ask(ROUTE, {"org_id": str(ORG), "learner_ids": learner_ids})
    assert (status, answer["code"]) == (400, "invalid_request")


def test_an_erasure_by_text_knows_all_of_the_names() -> None:
    """The UUID of progress, and pseudonyms of text and UUID under every key; the text itself is not kept."""
    asked = LearnerRequest(org_id=ORG, learner_id="kim@school.example", reason="asked")
    learner = wiring_privacy.learner_identifiers_of(asked)

    (names,) = ask(ROUTE, {"org_id": str(ORG), "learner_ids": ["kim@school.example"]})[1]["learners"]
    assert str(learner.user_id) == names["user_id"]
    assert {made for each in names["pseudonyms"].values() for made in each} <= set(learner.pseudonyms)
    assert "kim@school.example" not in json.dumps(learner.parameters())


@pytest.mark.parametrize("members", [{}, {"user_id": str(USER), "learner_id": "user2"}])
def test_an_erasure_names_its_learner_once(members: dict[str, str]) -> None:
    """Neither, or both, is no learner."""
    status, answer = ask("POST /api/admin/privacy/erase", {"org_id": str(ORG), "reason": "asked", **members})
    assert (status, answer["code"]) == (400, "invalid_request")


def _api(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    asked: list[Any] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(json.loads(request.content))
        return httpx.Response(*[ask(ROUTE, asked[-1])[0]], json=ask(ROUTE, asked[-1])[1])

    client = ApiClient(httpx.Client(base_url="https://api.example", transport=httpx.MockTransport(answer)))
    monkeypatch.setattr(ApiClient, "open", lambda *_given: client)
    return asked


def test_the_command_prints_csv(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """A line a pseudonym, a thousand learners a request; a byte order mark, blanks and repetitions are skipped."""
    asked = _api(monkeypatch)
    file = tmp_path / "ids.txt"
    file.write_text("\ufeffuser2\r\n\r\nuser2\n" + "\n".join(f"user-{number}" for number in range(1200)), "utf-8")

    done = CliRunner().invoke(cli.app, ["learner-ids", "--org", str(ORG), "--ids", str(file)])

    assert done.exit_code == 0, done.output
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [len(each["learner_ids"]) for each in asked] == [1000, 201]
    assert len(rows) == 1201 * 4
    assert {row["key_id"] for row in rows} == {"k1", "k2"}
    assert {row["user_id"] for row in rows if row["learner_id"] == "user2"} == {
        str(LearnerIds(KEYRING.secrets["k2"], ORG).user_id("user2"))
    }


def test_the_command_prints_what_assign_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """UUIDs alone."""
    _api(monkeypatch)
    arguments = ["learner-ids", "--org", str(ORG), "--ids", "-", "--only-user-ids"]
    done = CliRunner().invoke(cli.app, arguments, input="user2\n")
    assert done.stdout.strip() == str(LearnerIds(KEYRING.secrets["k2"], ORG).user_id("user2"))
