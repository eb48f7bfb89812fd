"""Shows the answers of a run of the demo, and the database's content afterwards."""

from uuid import UUID

import psycopg
from rich.console import Console
from rich.table import Table

from workbench.demo.post import Tally

# Read as the reader role: row-level security limits it to one organisation at a time.
REPORT_PASS = "select rollcall.issue_report_pass_v1(%s)"
PROGRESS = """
select
    count(distinct course_id), count(distinct user_id), coalesce(sum(event_count), 0),
    coalesce(sum(lessons_completed), 0), round(avg(percent), 1)
from rollcall.view_course_progress
"""


def show_answers(console: Console, tally: Tally) -> None:
    """Print the API's answers and their latency."""
    table = Table(title="Answers of the API", title_justify="left")
    for name in ("accepted", "duplicate", "conflict", "rejected", "spooled"):
        table.add_column(name, justify="right")
    table.add_row(*(f"{tally.statuses[column.header]:,}" for column in table.columns))  # type: ignore[index]
    console.print(table)
    for reason, number in tally.reasons.most_common():
        console.print(f"  rejected as {reason}: {number:,}")
    console.print(
        f"  {tally.events:,} events in {len(tally.latencies):,} batches, {tally.seconds:.1f} s:"
        f" {tally.events / tally.seconds:,.0f} events/s, {len(tally.latencies) / tally.seconds:,.0f} batches/s"
    )
    p50, p95, p99 = (tally.percentile_ms(percent) for percent in (50, 95, 99))
    console.print(f"  latency of a batch: P50 {p50:.1f} ms, P95 {p95:.1f} ms, P99 {p99:.1f} ms")
    if tally.waited:
        console.print(f"  {tally.waited:,} times a client was asked to wait, and waited")


def show_progress(console: Console, dsn: str, organisations: dict[UUID, str]) -> None:
    """Print each organisation's course progress, read from the database."""
    table = Table(title="Course progress in the database, by organisation", title_justify="left")
    table.add_column("organisation")
    for name in ("courses", "learners", "events", "lessons completed", "mean percent"):
        table.add_column(name, justify="right")
    totals = [0, 0]
    with psycopg.connect(dsn) as connection:
        (report_pass,) = connection.execute(REPORT_PASS, (list(organisations),)).fetchone() or ("",)
        connection.execute("select set_config('rollcall.report_pass', %s, true)", (report_pass,))
        connection.execute("set role rollcall_reader")
        for org_id, module in sorted(organisations.items(), key=lambda item: item[1]):
            connection.execute("select set_config('rollcall.org_ids', %s, true)", (f"{{{org_id}}}",))
            row = connection.execute(PROGRESS).fetchone() or (0, 0, 0, 0, None)
            courses, learners, events, completed, percent = row
            totals = [totals[0] + events, totals[1] + completed]
            table.add_row(
                module,
                f"{courses:,}",
                f"{learners:,}",
                f"{events:,}",
                f"{completed:,}",
                str(percent or ""),
            )
    table.add_section()
    table.add_row("all", "", "", f"{totals[0]:,}", f"{totals[1]:,}", "")
    console.print(table)
