"""Plain English: a sentence names its subject, so texts that people read do without nobody, whoever and told.

The words are symptoms: a sentence with one of them mostly has a pronoun in the place of a name.
"""

import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.checkout import ROOT

WORDS = re.compile(r"\b(nobody|whoever|told)\b", re.IGNORECASE)
# The folders and pages that the rule covers. Applied migrations stay as they are: their checksums cover comments.
AREAS = (
    "docs/",
    "functions/",
    "layers/",
    "sql/procedures/",
    "sql/roles.sql",
    "sql/views/",
    "workbench/",
    "template.yaml",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "DECISIONS.md",
    "GLOSSARY.md",
    "README.md",
    "SECURITY.md",
)
# Generated from the descriptions of models and routes.
GENERATED = ("functions/openapi/openapi.json",)
SUFFIXES = (".py", ".js", ".html", ".css", ".md", ".yaml", ".sql", ".json")
CODE = re.compile(r"`[^`]*`")
TEXTS = frozenset({"COMMENT", "STRING", "FSTRING_MIDDLE"})


def files() -> list[str]:
    """Return the files of the areas, relative to the root."""
    listing = subprocess.run(["git", "ls-files", *AREAS], cwd=ROOT, check=True, capture_output=True, text=True)
    return [path for path in listing.stdout.splitlines() if path.endswith(SUFFIXES) and path not in GENERATED]


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line numbers and texts: of Python the comments and the strings of several words, else every line."""
    source = path.read_text()
    if path.suffix != ".py":
        yield from enumerate(source.splitlines(), 1)
        return
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if tokenize.tok_name[token.type] in TEXTS and " " in token.string:
            yield token.start[0], token.string


def test_texts_name_their_subject() -> None:
    """Code in backticks is a name, not a sentence."""
    found = [
        f"{path}:{line}" for path in files() for line, text in texts(ROOT / path) if WORDS.search(CODE.sub("", text))
    ]
    assert found == []


@pytest.mark.parametrize("area", AREAS)
def test_an_area_has_files(area: str) -> None:
    """An area that was moved away would pass without being read."""
    assert any(path.startswith(area) for path in files())
