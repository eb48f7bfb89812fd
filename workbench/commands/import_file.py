"""`rollcall import`: send a file of old events, resumable, with a report and a list of refused lines."""

import gzip
import hashlib
import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Annotated, Any, cast
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rollcall.contracts.ingest.import_report import BYTES_MAX, LINES_MAX

from workbench.api_client import ApiClient, ApiUnavailable, TokenOption, UrlOption
from workbench.errors import WorkbenchError

PATH = "/api/admin/import"
COUNTS = ("lines", "accepted", "duplicate", "conflict", "rejected")
CHUNK_BYTES_MAX = 2_000_000
WAIT_SECONDS_MAX = 30
PATIENCE_SECONDS = 900  # for one chunk: during an outage, a backlog, or while snapshots are read

AGAIN = "Use --restart to begin at the first line: stored events count once."

console = Console(stderr=True, highlight=False)
output = Console(highlight=False)


@dataclass
class ImportProgress:
    """The progress of an import, written after each chunk: a kill repeats at most one chunk, as duplicates."""

    api: str
    org_id: str
    fingerprint: str
    is_dry_run: bool
    lines_read: int = 0
    seconds: float = 0
    counts: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)
    refused_bytes: int = 0
    is_done: bool = False

    def add(self, report: dict[str, Any]) -> None:
        """Add the result of a chunk."""
        self.counts = dict(Counter(self.counts) + Counter({name: report[name] for name in COUNTS}))
        self.reasons = dict(Counter(self.reasons) + Counter(line["reason"] for line in report["refused"]))


def import_file(
    file: Annotated[
        Path, typer.Argument(help="JSON lines: one event with its type in each line. A .gz file is unpacked.")
    ],
    org: Annotated[UUID, typer.Option(help="The organisation.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check the lines, and store nothing.")] = False,
    chunk: Annotated[int, typer.Option(min=1, max=LINES_MAX, help="Lines for each request.")] = 500,
    restart: Annotated[bool, typer.Option("--restart", help="Begin at the first line again.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print only the report, as JSON.")] = False,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Import old events from a file, each once. Safe to run twice: it continues where it stopped."""
    run = Import(ApiClient.open(url, token, [org]), file, org, chunk, is_dry_run=dry_run)
    state = run.state(restart=restart)
    try:
        run.send(state)
    except (KeyboardInterrupt, ApiUnavailable):
        console.print("No event is lost. To continue, run the same command again.", soft_wrap=True)
        raise
    _tell(run, state, as_json=as_json)


@dataclass(frozen=True)
class Import:
    """The import of one file into one organisation, and the files that are written beside it."""

    client: ApiClient
    file: Path
    org_id: UUID
    chunk_lines: int
    is_dry_run: bool

    @property
    def progress_file(self) -> Path:
        """The file with the progress of the import."""
        return self.file.with_name(f"{self.file.name}.import.json")

    @property
    def refused_file(self) -> Path:
        """The file that lists refused lines: the number and the reason, never the content."""
        # A dry run has its own list, so that it does not change the list of an import that is under way.
        return self.file.with_name(f"{self.file.name}.{'dry-run.' if self.is_dry_run else ''}refused.jsonl")

    def state(self, *, restart: bool) -> ImportProgress:
        """Return the progress; raises WorkbenchError when the file has changed.

        For another API the import begins at the first line.
        """
        fresh = ImportProgress(str(self.client.http.base_url), str(self.org_id), self._fingerprint(), self.is_dry_run)
        if restart or self.is_dry_run or not self.progress_file.exists():
            return fresh
        try:
            known = ImportProgress(**json.loads(self.progress_file.read_text(encoding="utf-8")))
        except (ValueError, TypeError):
            raise WorkbenchError(f"{self.progress_file} cannot be read. {AGAIN}") from None
        if (known.org_id, known.fingerprint) != (fresh.org_id, fresh.fingerprint):
            raise WorkbenchError(
                f"{self.progress_file} is of another organisation, or the file was changed since. {AGAIN}"
            )
        if known.api != fresh.api:
            console.print(
                f"{known.lines_read:,} lines were sent to {known.api}: beginning at the first line.", soft_wrap=True
            )
            return fresh
        return fresh if known.is_done else known

    def send(self, state: ImportProgress) -> None:
        """Send every line that was not sent yet; raises ApiRefused, ApiUnavailable."""
        columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"), TimeElapsedColumn())
        with (
            self._open() as lines,
            self.refused_file.open("ab") as refused,
            Progress(*columns, TimeRemainingColumn(), console=console) as progress,
        ):
            refused.truncate(min(state.refused_bytes, refused.tell()))
            task = progress.add_task("importing", total=self._count(), completed=state.lines_read, rate="")
            before = state.seconds
            started, sent_before = time.monotonic(), state.lines_read
            for first, part in self._chunks(lines, state.lines_read):
                report = self._report_of(part)
                state.add(report)
                for line in report["refused"]:
                    refused.write(json.dumps(line | {"line": first + line["line"] - 1}).encode() + b"\n")
                refused.flush()
                state.lines_read, state.refused_bytes = first + len(part) - 1, refused.tell()
                seconds = time.monotonic() - started
                state.seconds = before + seconds
                self._keep(state)
                rate = (state.lines_read - sent_before) / seconds if seconds else 0
                progress.update(task, completed=state.lines_read, rate=f"{rate:,.0f}/s")
        state.is_done = True
        self._keep(state)

    def _chunks(self, lines: IO[bytes], skipped: int) -> Iterator[tuple[int, list[bytes]]]:
        """Yield parts of the file: the number of the first line, and as many lines as a request takes."""
        part: list[bytes] = []
        first, size = skipped + 1, 0
        for number, line in enumerate(lines, start=1):
            if number <= skipped:
                continue
            if part and (len(part) == self.chunk_lines or size + len(line) > CHUNK_BYTES_MAX):
                yield first, part
                part, first, size = [], number, 0
            part.append(line)
            size += len(line)
        if part:
            yield first, part

    def _report_of(self, part: list[bytes]) -> dict[str, Any]:
        if len(part[0]) <= BYTES_MAX:
            return self._post(b"".join(part))
        # The line is longer than a request may be, so no request can carry it.
        detail = f"A line has at most {BYTES_MAX:,} bytes."
        refused = {"line": 1, "reason": "line_too_large", "detail": detail}
        return {**dict.fromkeys(COUNTS, 0), "lines": 1, "rejected": 1, "refused": [refused]}

    def _post(self, lines: bytes) -> dict[str, Any]:
        until, waits = time.monotonic() + PATIENCE_SECONDS, 0
        query = {"org_id": str(self.org_id), **({"dry_run": "true"} if self.is_dry_run else {})}
        while True:
            try:
                return self.client.post_lines(PATH, lines, **query)
            except ApiUnavailable as away:
                if time.monotonic() > until:
                    raise
                waits += 1
                console.print(f"waiting: {away}", soft_wrap=True)
                time.sleep(min(WAIT_SECONDS_MAX, 2**waits / 2))

    def _keep(self, state: ImportProgress) -> None:
        if self.is_dry_run:
            return
        written = self.progress_file.with_suffix(".new")
        written.write_text(json.dumps(asdict(state)), encoding="utf-8")
        written.replace(self.progress_file)

    def _open(self) -> IO[bytes]:
        return cast("IO[bytes]", gzip.open(self.file)) if self.file.suffix == ".gz" else self.file.open("rb")

    def _count(self) -> int:
        with self._open() as lines:
            return sum(1 for _ in lines)

    def _fingerprint(self) -> str:
        try:
            with self.file.open("rb") as opened:
                return hashlib.file_digest(opened, "sha256").hexdigest()
        except OSError as fault:
            raise WorkbenchError(f"{self.file} cannot be read: {type(fault).__name__}.") from None


def _tell(run: Import, state: ImportProgress, *, as_json: bool) -> None:
    seconds = max(state.seconds, 0.001)
    counts = {name: state.counts.get(name, 0) for name in COUNTS}
    if as_json:
        typer.echo(json.dumps(counts | {"reasons": state.reasons, "seconds": round(seconds, 1)}))
    else:
        what = "checked, nothing stored" if run.is_dry_run else "imported"
        output.print(f"{run.file.name} {what}", soft_wrap=True)
        output.print("  ".join(f"{name} {number:,}" for name, number in counts.items()), soft_wrap=True)
        output.print(f"{counts['lines'] / seconds:,.0f} events/s in {seconds:,.1f} s", soft_wrap=True)
        for reason, number in sorted(state.reasons.items()):
            output.print(f"  {reason} {number:,}", soft_wrap=True)
    if state.reasons:
        console.print(f"Refused lines, by number: {run.refused_file}", soft_wrap=True)
        raise typer.Exit(1)
    run.refused_file.unlink(missing_ok=True)
