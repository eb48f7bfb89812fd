"""Commands on the pages that a person pastes: none holds a date that grows old."""

import re

import pytest

from tests.checkout import ROOT
from tests.pages import section, shell_blocks

PASTED = {
    "README.md": section("README.md", "Send events"),
    "docs/tutorial/first-hour.md": (ROOT / "docs" / "tutorial" / "first-hour.md").read_text(),
}


@pytest.mark.parametrize("page", PASTED)
def test_pasted_commands_hold_no_fixed_date(page: str) -> None:
    """An event is accepted within a window around now, so the commands ask for the time."""
    blocks = shell_blocks(PASTED[page])
    assert any("curl" in block for block in blocks)
    assert not [block for block in blocks if re.search(r"\b20\d\d-\d\d", block)]
    assert any("$(date -u +%FT%TZ)" in block for block in blocks)
