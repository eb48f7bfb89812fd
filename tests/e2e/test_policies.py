"""Policies on the deployed stack: presets, addresses of pages, and a course catalogue for progress and analytics."""

import re
import time
from typing import Any

import httpx

from tests.e2e.database import Database
from tests.e2e.people import Api, Sender, reasons, statuses
from tests.e2e.test_refusals import assert_problem
from tests.e2e.waiting import await_until

UNUSUAL = "daily-2026-03-10"
VERB = "http://adlnet.gov/expapi/verbs/completed"
PAUSE_SECONDS = 2  # a caller has a rate
WITHIN_SECONDS = 80  # functions keep policies and catalogues for a minute


def put(sender: Sender, path: str, **body: Any) -> httpx.Response:
    """Set what stands below /api/admin/scrub for the sender's organisation."""
    return sender.http.put(
        f"/api/admin/scrub/{path}",
        headers={"Authorization": f"Bearer {sender.token}"},
        json={"org_id": str(sender.org_ids[0]), **body},
    )


def properties(database: Database, sender: Sender, name: str) -> list[dict[str, Any]]:
    rows = database.rows(
        "select properties from rollcall.analytics_events where org_id = %s and name = %s order by occurred_at",
        sender.org_ids[0],
        name,
    )
    return [each for (each,) in rows]


def test_a_catalogue_lets_an_unusual_id_through_in_both_kinds(api: Api, database: Database) -> None:
    """Refused and dropped before, stored after, so that progress and analytics of one lesson join."""
    learner = api.learner()
    administrator = api.administrator(*learner.org_ids, scope="admin:write")
    assert reasons(learner.send([learner.event(lesson_id=UNUSUAL)])) == ["personal_value"]
    assert_problem(put(administrator, "catalogue", ids=[UNUSUAL, "kim@school.example"]), 400, "invalid_request")
    answer = put(administrator, "catalogue", ids=[UNUSUAL])
    assert (answer.status_code, answer.json()["ids"]) == (200, [UNUSUAL]), answer.text

    taken = learner.event(lesson_id=UNUSUAL)

    def is_taken() -> bool:
        time.sleep(PAUSE_SECONDS)
        return statuses(learner.send([taken])) != ["rejected"]

    await_until(is_taken, "the id is let through", WITHIN_SECONDS)
    assert taken["event_id"] in database.event_ids(*learner.org_ids)

    def is_kept() -> bool:
        time.sleep(PAUSE_SECONDS)
        learner.tell([learner.happening(properties={"lesson_id": UNUSUAL})])
        return {"lesson_id": UNUSUAL} in properties(database, learner, "lesson_viewed")

    await_until(is_kept, "the id is kept of analytics", WITHIN_SECONDS)


def test_a_preset_is_turned_on_by_admin_super_and_keeps_statements(api: Api, database: Database) -> None:
    """By its name and with its score; and what admin:super restricted, admin:write does not take back."""
    learner = api.learner()
    operator = api.administrator(*learner.org_ids, scope="admin:super")
    administrator = api.administrator(*learner.org_ids, scope="admin:write")
    additions = {"presets": ["xapi"], "refuse_events": ["screen"]}
    assert_problem(put(administrator, "policy", additions=additions), 403, "scope_missing")
    assert put(operator, "policy", additions=additions).status_code == 200
    assert_problem(put(administrator, "policy", additions={"presets": ["xapi"]}), 403, "scope_missing")
    assert put(administrator, "policy", additions=additions | {"drop": ["percent"]}).status_code == 200

    statement = {"result": {"score": {"scaled": 0.5}, "response": "Kim Miller"}, "actor": {"name": "Kim Miller"}}

    def is_kept() -> bool:
        time.sleep(PAUSE_SECONDS)
        learner.tell([learner.happening(name=VERB, properties=statement)])
        return {"result": {"score": {"scaled": 0.5}}} in properties(database, learner, VERB)

    await_until(is_kept, "statements are kept by their verb", WITHIN_SECONDS)


def test_addresses_of_pages_name_nobody(api: Api, database: Database) -> None:
    """Of what browser clients attach to every call, the page is kept; who is in it is a pseudonym."""
    sender = api.service()
    page = {"url": "https://app.example/users/kim-miller/lessons/12?tab=grades&q=kim#kim", "referrer": "/~kim-miller"}
    event = sender.happening(name="page", user_id="kim-miller", properties={"context": {"page": page}, **page})
    assert statuses(sender.tell([event])) == ["accepted"]
    await_until(lambda: bool(properties(database, sender, "page")), "the page is stored")
    (kept,) = properties(database, sender, "page")
    ((pseudonym,),) = database.rows(
        "select user_pseudonym from rollcall.analytics_events where org_id = %s", sender.org_ids[0]
    )
    assert kept["url"] == f"/users/{pseudonym}/lessons/12?tab=grades"
    assert kept["referrer"] == f"/{pseudonym}"
    assert kept["context"]["page"] == {"url": kept["url"], "referrer": kept["referrer"]}
    assert not re.search("kim|miller", str(kept))
