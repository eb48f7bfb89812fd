"""DECISIONS.md: every title names its subject, and the index links to every entry below that subject."""

import re

from tests.checkout import ROOT

PAGE = (ROOT / "DECISIONS.md").read_text()
INDEX, ENTRIES = PAGE.split("\n## ", 2)[1], re.findall(r"^## (\d{4}-\d\d-\d\d) (.+)$", PAGE, re.MULTILINE)
SUBJECTS = re.findall(r"^### (.+)$", INDEX, re.MULTILINE)


def anchor(date: str, title: str) -> str:
    """Return the anchor of an entry's heading, formed as GitHub forms it."""
    return re.sub(r"[^\w\- ]", "", f"{date} {title}".lower()).replace(" ", "-")


def test_every_title_names_a_subject_of_the_index() -> None:
    """`Retention: a file of a snapshot is never overwritten`, not `A file is never overwritten`."""
    assert [title for _, title in ENTRIES if title.split(": ")[0] not in SUBJECTS] == []


def test_the_index_has_every_entry_below_its_subject_once() -> None:
    """A new entry comes with its line in the index."""
    expected = {
        subject: [anchor(date, title) for date, title in ENTRIES if title.startswith(f"{subject}: ")]
        for subject in SUBJECTS
    }
    sections = re.split(r"^### .+$", INDEX, flags=re.MULTILINE)[1:]
    listed = {subject: re.findall(r"\]\(#(.+?)\)", text) for subject, text in zip(SUBJECTS, sections, strict=True)}
    assert listed == expected
