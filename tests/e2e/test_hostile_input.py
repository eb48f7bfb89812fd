"""Hostile input in every place of every route: never an error of ours, every refusal a problem that quotes nothing."""

import json
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from uuid import uuid4

import httpx
import pytest

from tests.e2e.database import Database
from tests.e2e.people import Api, Sender
from tests.e2e.socket_client import LiveSocket
from tests.hostile import TEXTS, VALUES, Attempt, attempts

SERVER_ERROR, UNAVAILABLE, REFUSED = 500, 503, 400
PROBLEM = "application/problem+json"
THREADS, ATTEMPTS_MIN = 4, 2000
WRITE_KEYS = "/api/admin/write-keys"
# What API Gateway refuses before any function runs has its own form.
OF_THE_GATEWAY = {400, 401, 403, 404, 405, 413, 414, 415, 431}


@pytest.fixture(scope="module")
def administrator(api: Api) -> Sender:
    """Who may do everything, in an organisation of these tests alone."""
    scopes = ("admin:read", "admin:write", "admin:super", "admin:breakglass")
    return api.service(uuid4(), scopes=scopes)


def fault_of(response: httpx.Response) -> str | None:
    """Return what is wrong with an answer, None for one of the contract."""
    if response.status_code < REFUSED:
        return None
    media_type = response.headers.get("content-type", "")
    problem = response.json() if "json" in media_type else {}
    if response.status_code >= SERVER_ERROR and (response.status_code, bool(problem.get("code"))) != (
        UNAVAILABLE,
        True,
    ):
        return f"{response.status_code} {response.text[:200]}"
    if media_type != PROBLEM:
        return None if response.status_code in OF_THE_GATEWAY and "message" in problem else f"no problem: {media_type}"
    if not problem.get("code") or not problem.get("detail"):
        return "a problem without a code or a detail"
    return "quotes what was sent" if "\N{SNOWMAN}" in response.text else None


@pytest.fixture(scope="module")
def write_key(administrator: Sender) -> str:
    """A key of that organisation, for routes of clients that others wrote."""
    made = administrator.post(WRITE_KEYS, json={"org_id": str(administrator.org_ids[0]), "label": "hostile input"})
    return str(made.json()["write_key"])


def test_no_place_of_any_route_fails_on_content(api: Api, administrator: Sender, write_key: str) -> None:
    """Each parameter and each member of each body in /openapi.json, with texts, times, numbers, JSON of the corpus."""
    document = api.http.get("/openapi.json").json()
    bearer, basic = f"Bearer {administrator.token}", "Basic " + b64encode(f"{write_key}:".encode()).decode()

    def ask(attempt: Attempt) -> str | None:
        is_ours = attempt.path.startswith("/api/")
        headers = {"Authorization": bearer if is_ours else basic, "Content-Type": "application/json"}
        query = dict(attempt.query) | ({} if is_ours else {"api_key": write_key})
        try:
            request = api.http.build_request(
                attempt.method,
                attempt.path,
                params=query,
                headers=headers | dict(attempt.headers),
                content=attempt.content,
            )
            found = fault_of(api.http.send(request))
        except (UnicodeEncodeError, httpx.InvalidURL, httpx.LocalProtocolError):
            return None  # no client can send it
        return f"{attempt.label} {dict(attempt.query)}: {found}" if found else None

    with ThreadPoolExecutor(THREADS) as pool:
        # The handlers were asked all of it (tests/integration); here, each third on its way through the gateway.
        tried = islice(attempts(document, administrator.org_ids[0], seed=1), None, None, 3)
        answered = list(pool.map(ask, tried))
    faults = [fault for fault in answered if fault]
    assert len(answered) > ATTEMPTS_MIN
    assert not faults, f"{len(faults)} of {len(answered)}:\n" + "\n".join(faults[:60])


def test_a_socket_answers_whatever_is_said(administrator: Sender) -> None:
    """Each message is a problem or what was asked for, and the socket stays open."""
    raw = [*(f'{{"action": "ping", "more": {value}}}' for value in VALUES), *filter(None, VALUES)]
    # What the emulator itself cannot hand on, deep nesting and half surrogate pairs, the function is asked directly.
    texts = [text for text in TEXTS if text.encode("utf-8", "replace").decode() == text]
    messages = [*raw, *(json.dumps({"action": text}) for text in texts)]
    with LiveSocket.of(administrator) as live:
        for message in messages:
            live.connection.send(message)
            heard = live.hear(lambda each: each["type"] in {"problem", "pong"})
            assert heard["type"] == "pong" or heard["code"] not in {"internal_error", None}, message
        assert live.ping()["type"] == "pong"


SPELLINGS: list[Callable[[str], str]] = [
    str.upper,
    lambda text: text.replace("-", ""),
    lambda text: f"{{{text}}}",
    lambda text: f"urn:uuid:{text}",
]


@pytest.mark.parametrize("spell", SPELLINGS)
def test_a_uuid_is_the_same_however_it_is_spelled(api: Api, database: Database, spell: Callable[[str], str]) -> None:
    """In bodies, queries, paths and tokens: an event's own learner, its organisation, and its receipt."""
    user_id, org_id = uuid4(), uuid4()
    learner = api.learner(org_id, user_id=user_id)
    event = learner.event(user_id=spell(str(user_id)), org_id=spell(str(org_id)))
    told = learner.happening(user_id=spell(str(user_id)), org_id=spell(str(org_id)))
    assert learner.send_one(event).json()["counts"]["accepted"] == 1
    assert learner.tell_one(told).json()["counts"]["accepted"] == 1
    assert database.event_ids(org_id) == [event["event_id"]]
    reader = api.administrator(org_id)
    path = f"/api/events/{spell(event['event_id'])}/receipt"
    assert reader.get(path, org_id=spell(str(org_id))).status_code == 200
    assert reader.get("/api/reports/overview", org_id=spell(str(org_id))).status_code == 200
