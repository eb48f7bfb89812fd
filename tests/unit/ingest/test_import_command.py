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
from rollcall.contracts.ingest.import_report import BYTES_MAX
from typer.testing import CliRunner, Result

from tests.builders import ORG
from workbench import cli
from workbench.api_client import ApiClient
from workbench.commands import import_file

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


def serve(monkeypatch: pytest.MonkeyPatch, url: str) -> Api:
    made = Api()
    client = ApiClient(httpx.Client(base_url=url, transport=httpx.MockTransport(made)))
    monkeypatch.setattr(ApiClient, "open", lambda *_given: client)
    return made


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Api:
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    return serve(monkeypatch, "https://api.example")


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
    """The file has other lines: the command reports that, and begins anew with `--restart`."""
    file = write(tmp_path / "events.jsonl", lines_of(25))
    api.faults = {1: "killed"}
    run(file)
    write(file, lines_of(30))
    refused = run(file)
    assert refused.exit_code == 1
    assert len(api.bodies) == 2
    assert told(run(file, "--restart"))["accepted"] == 30


def test_an_edit_of_the_same_size_anywhere_is_seen(api: Api, tmp_path: Path) -> None:
    """Given a line far into the file that has another id of the same length, it is another file."""
    lines = lines_of(20_000)
    file = write(tmp_path / "events.jsonl", lines)
    api.faults = {1: "killed"}
    run(file)
    write(file, [*lines[:-1], lines[-1] | {"event_id": str(uuid4())}])
    assert file.stat().st_size > 1_000_000
    assert run(file).exit_code == 1
    assert len(api.bodies) == 2


@pytest.mark.parametrize("other", ["https://other.example", "http://api.example", "https://api.example/stage"])
def test_another_api_gets_every_line(api: Api, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, other: str) -> None:
    """Given an import that was killed, and the same command for another stack, that one has every line at its end."""
    lines = lines_of(95, refused=3)
    file = write(tmp_path / "events.jsonl", lines)
    api.faults = {5: "killed"}
    run(file)
    second = serve(monkeypatch, other)
    report = told(run(file))
    assert (report["lines"], report["accepted"], report["rejected"]) == (95, 92, 3)
    assert set(second.stored) == {line["event_id"] for line in lines if "refuse" not in line}


@pytest.mark.parametrize("refused", [0, 3])
def test_a_dry_run_between_two_sessions_leaves_the_list_of_refused_lines(
    api: Api, tmp_path: Path, refused: int
) -> None:
    """Given a dry run after a kill, of a file with refused lines or one that was mended, the import's list is whole."""
    lines = lines_of(95, refused=3)
    file = write(tmp_path / "events.jsonl", lines)
    api.faults = {5: "killed"}
    run(file)
    write(file, lines if refused else [{**line, "refuse": ""} for line in lines])
    run(file, "--dry-run")
    write(file, lines)
    assert told(run(file))["rejected"] == 3
    listed = [json.loads(line)["line"] for line in Path(f"{file}.refused.jsonl").read_text().splitlines()]
    assert listed == [4, 11, 18]
    assert Path(f"{file}.dry-run.refused.jsonl").exists() == bool(refused)


def test_a_list_that_was_taken_away_is_not_filled_up(api: Api, tmp_path: Path) -> None:
    """Given a list that somebody moved between two sessions, what is written after it is JSON lines all the same."""
    file = write(tmp_path / "events.jsonl", lines_of(95, refused=10))
    api.faults = {5: "killed"}
    run(file)
    Path(f"{file}.refused.jsonl").unlink()
    assert told(run(file))["rejected"] == 10
    text = Path(f"{file}.refused.jsonl").read_text()
    assert [json.loads(line)["line"] for line in text.splitlines()] == [53, 60, 67]


@pytest.mark.parametrize("at", [0, 4, 24])
def test_a_line_that_no_request_can_hold_is_refused_by_its_number(api: Api, tmp_path: Path, at: int) -> None:
    """It is never sent, and every other line is."""
    lines = lines_of(25)
    lines[at]["note"] = "x" * BYTES_MAX
    file = write(tmp_path / "events.jsonl", lines)
    report = told(run(file))
    assert (report["accepted"], report["rejected"], report["reasons"]) == (24, 1, {"line_too_large": 1})
    assert max(map(len, api.bodies)) <= BYTES_MAX
    (refused,) = [json.loads(line) for line in Path(f"{file}.refused.jsonl").read_text().splitlines()]
    assert (refused["line"], refused["reason"]) == (at + 1, "line_too_large")


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
