"""The pages name alarms and functions as the template does."""

import re

import pytest

from tests.checkout import ROOT
from tests.template.document import Template

PAGES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md"))
ALARM = re.compile(r"`(\w+Alarm)`")
LOGS = re.compile(r"rollcall logs ([a-z]\w+)")


@pytest.mark.parametrize("page", PAGES)
def test_a_page_names_alarms_that_exist(page: str) -> None:
    """A reader finds the alarm by the name on the page."""
    assert set(ALARM.findall((ROOT / page).read_text())) <= Template.read().alarms.keys()


@pytest.mark.parametrize("page", PAGES)
def test_a_page_reads_logs_of_functions_that_exist(page: str) -> None:
    """`rollcall logs` takes the folder of a function."""
    folders = {path.parent.name for path in (ROOT / "functions").glob("*/app.py")}
    assert set(LOGS.findall((ROOT / page).read_text())) <= folders
