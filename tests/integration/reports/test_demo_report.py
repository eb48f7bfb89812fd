"""What `make run` shows of the database at its end: read as the reader, under a pass."""

from io import StringIO
from uuid import uuid4

from rich.console import Console

from tests.builders import an_event
from tests.postgres import ScratchDatabase
from workbench.demo.report import show_progress


def test_the_demo_shows_each_organisation(clone: ScratchDatabase) -> None:
    """Given two organisations with an event each, both are shown, and the total."""
    organisations = {uuid4(): "AAA", uuid4(): "BBB"}
    for org_id in organisations:
        clone.ingest([org_id], an_event(org_id, kind="completed"))
    clone.report_pass(*organisations)
    out = StringIO()
    show_progress(Console(file=out, width=120), clone.conninfo, organisations)
    rows = [[cell.strip() for cell in line.split("│")] for line in out.getvalue().splitlines() if "│" in line]
    shown = {row[1]: row[4] for row in rows if row[1] in {"AAA", "BBB", "all"}}
    assert shown == {"AAA": "1", "BBB": "1", "all": "2"}
