"""`rollcall import`: killed anywhere it goes on where it was, and accepted, duplicate, conflict and rejected add up."""

import gzip
import json
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from typer.testing import CliRunner, Result

from tests.builders import ORG
from workbench import cli
from workbench.api_client import ApiClient
from workbench.operations import import_file

Lines = list[dict[str, Any]]


class Api:
    """Stores each id once, refuses lines that say so, and dies before or after it stored a chunk."""

    def __init__(self) -> None:
        self.stored: Counter[str] = Counter()
        self.bodies: list[bytes] = []
        self.faults: dict[int, Any] = {}
        self.queries: list[dict[str, str]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer as the route does."""
        number = len(self.bodies)
        self.bodies.append(request.content)
        self.queries.append(dict(request.url.params))
        fault = self.faults.pop(number, None)
        if fault == "before":
            raise httpx.ConnectError("away")
        if isinstance(fault, int):
            return httpx.Response(fault, json={"code": "store_unavailable", "detail": "Later."})
        answer = self._take(request.content)
        if fault == "after":
            raise httpx.ReadTimeout("lost")
        if fault == "killed":
            raise KeyboardInterrupt
        return httpx.Response(200, json=answer)

    def _take(self, body: bytes) -> dict[str, Any]:
        counts: Counter[str] = Counter()
        refused = []
        for number, text in enumerate(body.split(b"\n"), start=1):
            if not text.strip():
                continue
            counts["lines"] += 1
            line = json.loads(text)
            outcome = line.get("refuse") or ("duplicate" if line["event_id"] in self.stored else "accepted")
            counts["rejected" if line.get("refuse") else outcome] += 1
            if line.get("refuse"):
                refused.append({"line": number, "reason": outcome, "pointer": "/x"})
            elif self.queries[-1].get("dry_run") is None:
                self.stored[line["event_id"]] += 1
        return {name: counts[name] for name in import_file.COUNTS} | {"refused": refused}


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Api:
    made = Api()
    client = ApiClient(httpx.Client(base_url="https://api.example", transport=httpx.MockTransport(made)))
    monkeypatch.setattr(ApiClient, "open", lambda *_given: client)
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    return made


def lines_of(number: int, refused: int = 0) -> Lines:
    lines: Lines = [{"type": "progress", "event_id": str(uuid4())} for _ in range(number)]
    for position in range(refused):
        lines[7 * position + 3]["refuse"] = "out_of_window"
    return lines


def write(path: Path, lines: Lines) -> Path:
    text = "".join(json.dumps(line) + "\n" for line in lines)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def run(file: Path, *options: str) -> Result:
    return CliRunner().invoke(cli.app, ["import", str(file), "--org", str(ORG), "--chunk", "10", "--json", *options])


def told(result: Result) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(result.stdout)
    assert document["lines"] == sum(document[name] for name in import_file.COUNTS[1:])
    return document


@pytest.mark.parametrize("name", ["events.jsonl", "events.jsonl.gz"])
def test_a_file_is_sent_and_told_of(api: Api, tmp_path: Path, name: str) -> None:
    """In chunks, each line once; refused lines are listed by their number in the file, and by nothing they say."""
    lines = lines_of(95, refused=3)
    file = write(tmp_path / name, lines)
    done = run(file)

    assert done.exit_code == 1, "something was refused"
    report = told(done)
    assert (report["accepted"], report["rejected"], report["reasons"]) == (92, 3, {"out_of_window": 3})
    refused = [json.loads(line) for line in Path(f"{file}.refused.jsonl").read_text().splitlines()]
    assert [line["line"] for line in refused] == [4, 11, 18]
    assert not any(line["event_id"] in Path(f"{file}.refused.jsonl").read_text() for line in lines)
    assert set(api.stored) == {line["event_id"] for line in lines if "refuse" not in line}
    assert all(query["org_id"] == str(ORG) for query in api.queries)


@pytest.mark.parametrize("fault", ["before", "after", 503, 429, 502])
@pytest.mark.parametrize("at", [0, 4, 9])
def test_an_outage_is_waited_for(api: Api, tmp_path: Path, fault: Any, at: int) -> None:
    """Whatever was stored of the chunk, it is sent again: nothing is left out, nothing counts twice."""
    lines = lines_of(95, refused=2)
    api.faults = {at: fault, at + 1: 503}
    report = told(run(write(tmp_path / "events.jsonl", lines)))

    assert report["accepted"] + report["duplicate"] == 93
    assert set(api.stored) == {line["event_id"] for line in lines if "refuse" not in line}


@pytest.mark.parametrize("at", range(10))
def test_killed_anywhere_it_goes_on(api: Api, tmp_path: Path, at: int) -> None:
    """Given a kill after the store and before the note of it, the same command sends that chunk again and the rest."""
    lines = lines_of(95, refused=3)
    file = write(tmp_path / "events.jsonl", lines)
    api.faults = {at: "killed"}
    assert run(file).exit_code != 0
    sent = len(api.bodies)
    report = told(run(file))

    assert len(api.bodies) == 11, "the chunk that was lost is sent once more, and none that was noted"
    assert sent == at + 1
    assert (report["lines"], report["rejected"]) == (95, 3)
    assert report["accepted"] + report["duplicate"] == 92
    assert set(api.stored) == {line["event_id"] for line in lines if "refuse" not in line}
    refused = [json.loads(line)["line"] for line in Path(f"{file}.refused.jsonl").read_text().splitlines()]
    assert refused == [4, 11, 18]


def test_given_once_more_all_are_duplicates(api: Api, tmp_path: Path) -> None:
    """A file that is through begins anew."""
    file = write(tmp_path / "events.jsonl", lines_of(25))
    assert told(run(file))["accepted"] == 25
    report = told(run(file))
    assert (report["accepted"], report["duplicate"]) == (0, 25)
    assert not Path(f"{file}.refused.jsonl").exists()


def test_a_changed_file_is_not_gone_on_with(api: Api, tmp_path: Path) -> None:
    """Its lines are others: it says so, and begins anew when it is told to."""
    file = write(tmp_path / "events.jsonl", lines_of(25))
    api.faults = {1: "killed"}
    run(file)
    write(file, lines_of(30))
    refused = run(file)
    assert refused.exit_code == 1
    assert len(api.bodies) == 2
    assert told(run(file, "--restart"))["accepted"] == 30


def test_a_dry_run_leaves_no_trace(api: Api, tmp_path: Path) -> None:
    """It asks for a dry run, and does not say that anything was imported."""
    file = write(tmp_path / "events.jsonl", lines_of(25))
    assert told(run(file, "--dry-run"))["accepted"] == 25
    assert {query["dry_run"] for query in api.queries} == {"true"}
    assert [path.name for path in tmp_path.iterdir()] == ["events.jsonl"]


@pytest.mark.parametrize("make", [lambda path: path, lambda path: path.mkdir() or path])
def test_what_is_no_file_is_said(api: Api, tmp_path: Path, make: Callable[[Path], Path]) -> None:
    """Nothing is sent."""
    assert run(make(tmp_path / "none")).exit_code == 1
    assert api.bodies == []
