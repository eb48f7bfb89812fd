"""Rollups on the deployed stack: what was posted is counted, once, and a day can be computed again."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import psycopg

from tests.e2e.cloud import Cloud
from tests.e2e.database import Database
from tests.e2e.people import Api
from tests.e2e.waiting import await_until

PATH = "/api/admin/rollups/rebuilds"


def dispatch(cloud: Cloud) -> None:
    """Run the job now, as `rollcall job run rollup` does; the schedule's own runs go on beside it."""
    assert cloud.invoke("RollupJob")["status"] == "succeeded"


def counts(database: Database, org_id: UUID) -> dict[tuple[str, str], int]:
    """Return how many events an organisation's rollups count, by source and name."""
    rows = database.rows(
        "select source, name, sum(event_count)::integer from rollcall.hourly_rollups where org_id = %s group by 1, 2",
        org_id,
    )
    return {(source, name): number for source, name, number in rows}


def await_counts(database: Database, org_id: UUID, expected: dict[tuple[str, str], int]) -> None:
    await_until(lambda: counts(database, org_id) == expected, "every event is counted once")


def test_what_is_posted_is_counted_and_a_day_is_rebuilt(api: Api, cloud: Cloud, database: Database) -> None:
    """Progress and analytics events, those of a process among them; late ones too; a rebuild mends what was lost."""
    learner = api.learner()
    (org_id,) = learner.org_ids
    assert learner.send(learner.events(40)).status_code == 200
    process = learner.happening(name="process_started", properties={"process": "import", "request_id": str(uuid4())})
    told = [*learner.happenings(5), process]
    assert learner.tell(told).status_code == 200
    await_until(lambda: len(database.analytics_ids(org_id)) == len(told), "analytics events are stored")
    dispatch(cloud)
    expected = {
        ("progress", "started"): 10, ("progress", "progressed"): 20, ("progress", "completed"): 10,
        ("analytics", "lesson_viewed"): 5, ("analytics", "process_started"): 1,
    }  # fmt: skip
    await_counts(database, org_id, expected)

    assert learner.send(learner.events(4)).status_code == 200
    dispatch(cloud)
    expected |= {("progress", "started"): 11, ("progress", "progressed"): 22, ("progress", "completed"): 11}
    await_counts(database, org_id, expected)
    active = "select source, active_learner_count from rollcall.daily_rollups where org_id = %s order by source"
    assert database.rows(active, org_id) == [("analytics", 1), ("progress", 1)]
    assert database.rows("select process, started_count from rollcall.daily_process_rollups where org_id = %s", org_id)

    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute("delete from rollcall.hourly_rollups where org_id = %s", (org_id,))
    administrator = api.administrator(org_id, scope="admin:write")
    today = datetime.now(UTC).date().isoformat()
    assert api.administrator(org_id).post(PATH, json={"org_id": str(org_id)}).status_code == 403
    asked = administrator.post(PATH, json={"org_id": str(org_id), "first_day": today})
    assert asked.status_code == 202, asked.text
    rebuild = f"{PATH}/{asked.json()['operation_id']}"
    await_until(lambda: administrator.get(rebuild).json()["state"] == "done", "the rebuild is done")
    assert counts(database, org_id) == expected
    assert administrator.get(PATH, org_id=str(org_id)).json()["rebuilds"][0]["counts"]["events"] == 50
