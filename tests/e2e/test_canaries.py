"""Plants personal values of every kind in every field, breaks everything on the way, and looks for them everywhere.

Nothing that policy says must not be stored may be found: not in the database, not in a queue or dead-letter queue, not
in S3, not in a log, not in a file of the emulator or of PostgreSQL.
"""

import itertools
import json
import os
import subprocess
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from rollcall.contracts.dead_letters.letter import NIL_ORGANISATION
from rollcall.domain.scrub.catalogue import EVERY_EVENT

from tests.canaries import personal_values
from tests.e2e.cloud import Cloud
from tests.e2e.database import Database
from tests.e2e.people import ANALYTICS, ANALYTICS_EVENT, BATCH, LESSON, Api, Event, Sender
from tests.e2e.sites import Site
from tests.e2e.test_faults import NOWHERE, outage
from tests.e2e.test_segment import post as post_calls
from tests.e2e.waiting import await_until
from workbench.stack.local import LocalStack
from workbench.stack.state import StackState

TURN = 2  # after everything else: it searches all that any test left behind
BATCHES, BATCH_SIZE = 80, 30
TELLING_LENGTH = 6  # a shorter text is found in any file by chance
# Kinds that rules find wherever they stand: planted in every property that the policy declares safe as well.
STRUCTURED = ("email", "phone", "ip", "payment_card", "iban", "jwt", "api_key", "ssn", "birth_date", "user_path", "dsn")
TODAY = datetime.now(UTC).date().isoformat()


class Canaries:
    """Hands out personal values, no two alike, and remembers them."""

    def __init__(self) -> None:
        self._seeds = itertools.count(1000)
        self.planted: set[str] = set()
        self.last: dict[str, str] = {}

    def values(self) -> dict[str, str]:
        """Return a new value of each kind."""
        self.last = values = personal_values(next(self._seeds))
        lines = (line for value in values.values() for line in value.splitlines())
        self.planted |= {line for line in lines if len(line) >= TELLING_LENGTH and not line.startswith("-----")}
        return values


def happening(sender: Sender, canaries: Canaries) -> Event:
    """Return an analytics event with personal values in every field that takes a text, and in many that do not."""
    values = canaries.values()
    some = list(values.values())
    return sender.happening(
        name=some[0],
        user_id=values.get("email", some[1]),
        anonymous_id=some[2 % len(some)],
        session_id=some[3 % len(some)],
        properties={
            **dict(zip(sorted(EVERY_EVENT), itertools.cycle(values[kind] for kind in STRUCTURED))),
            **values,
            **dict.fromkeys(some, "as a key"),
            "lesson_id": some[4 % len(some)],
            "nested": {"deeper": [values, {"text": " and ".join(some)}]},
            "json": json.dumps(values),
            "url": f"https://user:{some[5 % len(some)]}@school.example/{some[0]}?q={some[1]}&email={some[2]}#{some[3]}",
            "comment": f"My data: {', '.join(some)}",
        },
    )


def progress_event(sender: Sender, canaries: Canaries) -> Event:
    """Return a progress event with personal values where a client could put them."""
    values = canaries.values()
    some = list(values.values())
    return sender.event(
        course_id=values.get("email", some[0]),
        attributes={"platform": some[1], **values},
        **({"note": some[2]} if len(some) % 2 else {}),
    )


def named_event(sender: Sender, canaries: Canaries) -> Event:
    """Return a sound progress event whose learner is named by an address: it is taken, and the address kept nowhere."""
    event = sender.event(learner_id=canaries.values()["email"])
    del event["user_id"]
    return event


def segment_calls(canaries: Canaries) -> list[dict[str, Any]]:
    """Return one call of each kind with personal values in every member."""
    values = canaries.values()
    some = list(values.values())
    shared = {
        "userId": values["email"],
        "anonymousId": values["device_id"],
        "timestamp": datetime.now(UTC).isoformat(),
        "context": {
            "ip": values["ip"],
            "userAgent": some[0],
            "traits": values,
            "locale": some[1],
            "page": {"url": some[2]},
        },
    }
    kinds: dict[str, dict[str, Any]] = {
        "track": {"event": some[3], "properties": values},
        "identify": {"traits": values},
        "page": {
            "name": some[4],
            "category": some[5],
            "properties": {"url": f"https://x.example/?q={some[6]}", **values},
        },
        "screen": {"name": some[7], "properties": values},
        "group": {"groupId": values["phone"], "traits": values},
        "alias": {"previousId": values["email"]},
    }
    return [{"type": kind, "messageId": f"{some[8]} {kind}", **shared, **members} for kind, members in kinds.items()]


def broken(event: Event, canaries: Canaries) -> Iterator[Event | str]:
    """Yield what fails validation, in many ways, each with personal values in it."""
    values = canaries.values()
    text = " ".join(values.values())
    yield event | {"event_id": text}
    yield event | {"occurred_at": text}
    yield event | {"org_id": str(uuid4())}
    yield event | {text: text}
    yield event | {"properties": text}
    yield text
    yield {"canary": values}


@pytest.fixture(scope="module")
def canaries(api: Api, stack: LocalStack, state: StackState, cloud: Cloud, database: Database) -> Canaries:
    """Plant values in thousands of events, while the database and the queues come and go, poison included."""
    planted = Canaries()
    service = api.service(scopes=["admin:write"])
    for _ in range(BATCHES):
        batch = [happening(service, planted) for _ in range(BATCH_SIZE)]
        response = service.post(ANALYTICS, json={"events": batch})
        assert response.status_code == 200, response.text
        assert_silent(response.text, planted)
    _plant_refusals(service, planted)
    _plant_segment_calls(api, Site(state, service.sent, service.org_ids[0]), planted)
    # The second one finds the key of learner ids known, and is spooled.
    service.post(BATCH, json={"events": [named_event(service, planted)]}).raise_for_status()
    with outage(stack, state, "immediate"):
        service.post(ANALYTICS, json={"events": [happening(service, planted) for _ in range(BATCH_SIZE)]})
        service.post(BATCH, json={"events": [progress_event(service, planted), service.event()]})
        service.post(BATCH, json={"events": [named_event(service, planted)]})
    with cloud.function_environment("Analytics", {"AWS_ENDPOINT_URL_SQS": NOWHERE}):
        service.post(ANALYTICS, json={"events": [happening(service, planted)]})
    _plant_poison(service, cloud, planted)
    await_until(lambda: all(cloud.waiting(queue) == 0 for queue in state.queues), "all queues are empty", 300)
    _redrive_and_replay(api, service, planted)
    await_until(lambda: all(cloud.waiting(queue) == 0 for queue in state.queues), "all queues are empty again", 300)
    assert len(database.analytics_ids(*service.org_ids)) >= BATCHES * BATCH_SIZE
    return planted


def _plant_segment_calls(api: Api, site: Site, planted: Canaries) -> None:
    key = site.make_key()
    for _ in range(BATCHES):
        response = post_calls(api, key, *segment_calls(planted))
        assert response.status_code == 200, response.text


def _plant_refusals(service: Sender, planted: Canaries) -> None:
    for event in broken(happening(service, planted), planted):
        for route, body in ((ANALYTICS, {"events": [event]}), (ANALYTICS_EVENT, event)):
            response = service.post(route, json=body)
            assert 400 <= response.status_code < 500
            assert_silent(response.text, planted)
    for event in broken(progress_event(service, planted), planted):
        for route, body in ((BATCH, {"events": [event]}), (LESSON, event)):
            assert_silent(service.post(route, json=body).text, planted)
    text = json.dumps(planted.values())
    service.post(ANALYTICS, content=text[:-1].encode())
    service.post(f"/api/{text[:40]}", json={"events": [text]})
    service.post("/v1/batch", headers={"Authorization": "Basic a2V5Og=="}, json={"batch": [{"userId": text}]})


def _plant_poison(service: Sender, cloud: Cloud, planted: Canaries) -> None:
    """Put on the queues what no function of ours wrote: other versions, other forms, no JSON at all."""
    for queue in ("analytics", "spool"):
        values = planted.values()
        cloud.put(queue, json.dumps({"version": 99, "org_id": str(service.org_ids[0]), "events": [values]}))
        cloud.put(queue, json.dumps(values))
        cloud.put(queue, "not JSON: " + ", ".join(values.values()))


def _redrive_and_replay(api: Api, service: Sender, planted: Canaries) -> None:
    operator = api.service(*service.org_ids, NIL_ORGANISATION, scopes=["admin:super"])
    for org_id in map(str, operator.org_ids):
        order = {"org_id": org_id, "selection": {"all": True}, "reason": "canaries"}
        _post(operator, "/api/admin/dead-letters/redrive", order, 202)
    window = {"from": "2026-01-01T00:00:00Z", "to": datetime.now(UTC).isoformat()}
    for source in ("events", "spool", "dead_letters"):
        _post(operator, "/api/admin/offline/replay", {"org_id": org_id_of(service), "source": source, **window}, 202)
    _post(operator, "/api/admin/scrub/runs", {"org_id": org_id_of(service), "first_day": TODAY, "last_day": TODAY}, 202)
    sample = {"org_id": org_id_of(service), "name": "page", "properties": planted.values()}
    _post(operator, "/api/admin/scrub/preview", sample, 200)


def _post(sender: Sender, path: str, body: dict[str, Any], status: int) -> None:
    response = sender.post(path, json=body)
    assert response.status_code == status, response.text


def org_id_of(sender: Sender) -> str:
    """Return the first organisation of a sender."""
    return str(sender.org_ids[0])


def assert_silent(text: str, planted: Canaries) -> None:
    """Assert that an answer quotes nothing that was planted last."""
    assert [value for value in planted.last.values() if len(value) >= TELLING_LENGTH and value in text] == []


def found_in(folder: Path, canaries: Canaries, needles: Path) -> list[str]:
    """Return the planted values that occur in the files below a folder, as "file: value"; grep knows thousands at once.

    JSON in JSON escapes quotes and slashes: values with either are looked for as they are written at each level. The
    layers that each worker unpacks are left out: gigabytes of code, of before anything was planted.
    """
    written = {value for planted in canaries.planted for value in (planted, json.dumps(planted)[1:-1])}
    needles.write_text("\n".join(sorted(written)) + "\n")
    options = ["--recursive", "--text", "--only-matching", "--fixed-strings", f"--file={needles}"]
    done = subprocess.run(
        ["grep", *options, "--exclude-dir=layer_*", "--exclude=layer_*.zip", os.fspath(folder)],
        stdout=subprocess.PIPE,
        env={"LC_ALL": "C", "PATH": os.environ["PATH"]},
        check=False,
    )
    assert done.returncode in {0, 1}, "grep itself failed"
    return sorted(set(done.stdout.decode(errors="replace").splitlines()))


@pytest.fixture
def search(tmp_path: Path, canaries: Canaries) -> Callable[[Iterable[str]], list[str]]:
    """Return a search for planted values in texts."""
    folder = tmp_path / "texts"
    folder.mkdir()

    def look(texts: Iterable[str]) -> list[str]:
        with (folder / "text").open("w", errors="surrogatepass") as file:
            file.writelines(text + "\n" for text in texts)
        return found_in(folder, canaries, tmp_path / "needles")

    return look


Search = Callable[[Iterable[str]], list[str]]


def test_many_kinds_were_planted(canaries: Canaries, search: Search) -> None:
    """Thousands of events, dozens of kinds; and the search finds what is there."""
    assert len(personal_values(1)) >= 25
    assert len(canaries.planted) > BATCHES * BATCH_SIZE * 20
    value = min(canaries.planted)
    assert search(["nothing", f"a {value} b"])


def test_nothing_personal_is_in_the_database(search: Search, database: Database) -> None:
    """Every row of every table, as a dump would have it."""
    assert search(database.dump()) == []


def test_nothing_personal_is_in_a_queue(search: Search, cloud: Cloud) -> None:
    """Whatever still lies in one."""
    assert search(cloud.messages()) == []


def test_nothing_personal_is_in_s3(search: Search, cloud: Cloud) -> None:
    """The archive of dead letters and spooled batches: bodies and names of objects."""
    objects = list(cloud.objects())
    assert objects, "poison was archived"
    assert search(objects) == []


def test_nothing_personal_is_in_a_log(search: Search, cloud: Cloud) -> None:
    """Of any function."""
    assert search(cloud.log_lines()) == []


def test_nothing_personal_is_in_any_file(
    tmp_path: Path, canaries: Canaries, stack: LocalStack, database: Database
) -> None:
    """Log files, what the emulator persisted, and PostgreSQL's tables, indexes and write-ahead log, byte by byte."""
    database.checkpoint()
    assert any("pg_wal" in path.parts for path in stack.checkout.home.rglob("0*"))
    assert found_in(stack.checkout.home, canaries, tmp_path / "needles") == []
