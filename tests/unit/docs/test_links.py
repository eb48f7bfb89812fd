"""Links in the pages: every relative link names a file that exists, and every anchor a heading of that file."""

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from tests.checkout import ROOT

FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
PAGE = re.compile(r"(?<![\w/])docs/[a-z/-]+\.md(?:#[a-z0-9_-]+)?")
# A migration that databases have applied keeps its checksum, so its comments keep the page names of their time.
# The other file makes up a page on purpose.
UNCHECKED = ("sql/migrations/", "tests/template/test_rules.py")


@cache
def tracked() -> list[str]:
    """Return the paths of all files under version control, relative to the root."""
    listing = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True)
    return [path for path in listing.stdout.splitlines() if (ROOT / path).is_file()]


@cache
def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, formed as GitHub forms them."""
    found: set[str] = set()
    for heading in re.findall(r"^#{1,6} +(.+?) *#*$", FENCE.sub("", page.read_text()), re.MULTILINE):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        slug = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
        repeated = sum(1 for anchor in found if anchor == slug or re.fullmatch(re.escape(slug) + r"-\d+", anchor))
        found.add(f"{slug}-{repeated}" if repeated else slug)
    return found


def broken(link: str, folder: Path) -> bool:
    """Return whether a link, relative to a folder, leads to no file or to no heading."""
    name, _, anchor = link.partition("#")
    target = (folder / name).resolve()
    if not target.exists():
        return True
    return bool(anchor) and target.suffix == ".md" and anchor not in anchors(target)


@pytest.mark.parametrize("path", [path for path in tracked() if path.endswith(".md")])
def test_every_relative_link_of_a_page_leads_to_a_file_and_a_heading(path: str) -> None:
    """Links inside code blocks are no links."""
    page = ROOT / path
    links = [link for link in LINK.findall(FENCE.sub("", page.read_text())) if not re.match(r"[a-z]+:", link)]
    wrong = [
        link
        for link in links
        if (broken(link, page.parent) if not link.startswith("#") else link[1:] not in anchors(page))
    ]
    assert wrong == []


def test_every_page_that_the_sources_name_exists() -> None:
    """Answers, alarms, comments and settings name pages by their path from the root."""
    wrong: list[str] = []
    for path in tracked():
        if path.startswith(UNCHECKED) or not re.search(r"(\.(py|sql|yaml|yml|toml|js|json|md)|Makefile)$", path):
            continue
        pages = PAGE.findall((ROOT / path).read_text())
        wrong += [f"{path}: {page}" for page in pages if broken(page, ROOT)]
    assert wrong == []


def test_every_page_is_on_the_index() -> None:
    """docs/README.md links to every page in docs."""
    linked = set(re.findall(r"\]\(([^)#]+\.md)\)", (ROOT / "docs" / "README.md").read_text()))
    pages = {path.removeprefix("docs/") for path in tracked() if path.startswith("docs/") and path.endswith(".md")}
    runbooks = {page for page in pages if page.startswith("runbooks/")} - {"runbooks/README.md"}
    assert pages - runbooks - {"README.md"} == {link for link in linked if not link.startswith("..")}
