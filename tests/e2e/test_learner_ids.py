"""Learners by an organisation's own text ids on the deployed stack: both kinds of events join, and no text stays."""

import csv
import gzip
import io
import json
from pathlib import Path
from typing import Any
from uuid import uuid4

from typer.testing import CliRunner, Result

from tests.e2e.cloud import Cloud
from tests.e2e.database import Database
from tests.e2e.people import Api, Sender, statuses
from tests.e2e.waiting import await_until
from workbench import cli
from workbench.stack.state import StackState

JOINED = """
    select named.learner_id, count(distinct progress.event_id), count(distinct told.event_id)
    from json_to_recordset(%s) as named (learner_id text, user_id uuid, pseudonym text)
    left join rollcall.progress_events as progress on progress.org_id = %s and progress.user_id = named.user_id
    left join rollcall.analytics_events as told on told.org_id = %s and told.user_pseudonym = named.pseudonym
    group by 1 order by 1
"""


def run(state: StackState, administrator: Sender, *arguments: str, **more: Any) -> Result:
    """Run a command with an administrator's token."""
    deployed = {"ROLLCALL_URL": state.http_url, "ROLLCALL_TOKEN": administrator.token}
    done = CliRunner().invoke(cli.app, list(arguments), env=deployed, **more)
    assert done.exit_code == 0, done.output
    return done


def test_progress_and_analytics_of_a_text_id_are_one_learner(
    api: Api, cloud: Cloud, database: Database, state: StackState, tmp_path: Path
) -> None:
    """Sent by text, joined by what the route tells, exported and erased by text; the text itself is nowhere."""
    org_id = uuid4()
    kim, zoe = f"kim.{uuid4()}@school.example", f"pupil-number-{uuid4().int}"
    service, administrator = api.service(org_id), api.administrator(org_id, scope="admin:write")
    progress = [
        {name: value for name, value in service.event(learner_id=text).items() if name != "user_id"}
        for text in (kim, zoe, zoe, kim.upper())
    ]
    assert set(statuses(service.send(progress))) == {"accepted"}
    assert set(statuses(service.send(progress))) == {"duplicate"}
    service.tell([service.happening(user_id=text, session_id=...) for text in (kim, kim, kim, zoe)])
    await_until(lambda: len(database.analytics_ids(org_id)) == 4, "analytics are stored")

    listed = run(state, administrator, "learner-ids", "--org", str(org_id), "--ids", "-", input=f"\ufeff{kim}\n{zoe}\n")
    named = list(csv.DictReader(io.StringIO(listed.stdout)))
    joined = database.rows(JOINED, json.dumps(named), org_id, org_id)
    assert {(text, told, stored) for text, stored, told in joined if told} == {(kim, 3, 2), (zoe, 1, 2)}

    target = tmp_path / "export.jsonl.gz"
    about = ["--org", str(org_id), "--learner-id", kim, "--reason", "asked for"]
    run(state, administrator, "privacy", "export", *about, "--output", str(target))
    lines = gzip.decompress(target.read_bytes()).splitlines()
    sources = [json.loads(line).get("source") for line in lines]
    assert (sources.count("progress_events"), sources.count("analytics_events")) == (2, 3)
    run(state, administrator, "privacy", "erase", *about, "--yes")
    assert len(database.event_ids(org_id)) == 2
    assert len(database.analytics_ids(org_id)) == 1
    assert service.send([progress[0]]).json()["results"][0]["reason"] == "learner_erased"

    kept = (database.dump(), cloud.objects(), cloud.messages(), cloud.log_lines())
    assert [text for source in kept for text in source if kim in text.lower() or zoe in text] == []
