"""Reads the pages of the documentation: sections, and the blocks of commands in them."""

import re

from tests.checkout import ROOT


def section(page: str, title: str) -> str:
    """Return the text of a page below the heading of this title, up to the next heading of that level."""
    text = (ROOT / page).read_text()
    found = re.search(rf"^(#+) {re.escape(title)}\n(.*?)(?=^\1 |\Z)", text, re.MULTILINE | re.DOTALL)
    if found is None:
        raise LookupError(f"{page} has no section {title!r}.")
    return found[2]


def shell_blocks(text: str) -> list[str]:
    """Return the blocks of shell commands in a text, in order."""
    return re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
