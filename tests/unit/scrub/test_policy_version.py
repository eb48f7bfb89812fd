"""The policy's version changes whenever what it does can change: re-scrubbing selects what is stored by it."""

import ast
import hashlib
import json
import tokenize
from io import StringIO
from pathlib import Path

import rollcall.domain.scrub as package
from rollcall.domain.scrub.policy import VERSION

RECORD = Path(__file__).with_name("policy_versions.json")
# What decides nothing of what is kept: how the walks report, and how fast.
APART = frozenset({"remark.py", "means.py", "glance.py"})


def fingerprint(folder: Path) -> str:
    """Return a digest of everything in the package that decides what is kept, but for comments and docstrings."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        if path.name not in APART:
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + _code(path.read_text()).encode())
    return digest.hexdigest()[:16]


def _code(source: str) -> str:
    """Return a module's characters without comments, docstrings and spaces: the same with every Python."""
    lines = source.splitlines(keepends=True)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            for line in range(node.body[0].lineno - 1, node.body[0].end_lineno or 0):
                lines[line] = "\n"
    code = "".join(lines)
    comments = [token for token in tokenize.generate_tokens(StringIO(code).readline) if token.type == tokenize.COMMENT]
    for comment in comments:
        row, column = comment.start
        lines[row - 1] = lines[row - 1][:column]
    return "".join("".join(lines).split())


def test_rules_change_only_with_the_version() -> None:
    """A changed rule under the same version never reaches what is stored already.

    Where this fails: raise VERSION in domain/scrub/policy.py, unless it was raised since the last release, and write
    the fingerprint that is shown here beside it into policy_versions.json.
    """
    recorded = json.loads(RECORD.read_text())
    assert list(recorded)[-1] == VERSION
    assert recorded[VERSION] == fingerprint(Path(next(iter(package.__path__))))


def test_a_changed_pattern_changes_the_fingerprint_and_a_comment_does_not(tmp_path: Path) -> None:
    """So that prose can be mended freely."""
    module = tmp_path / "rule.py"
    module.write_text('"""Doc."""\nA = "[0-9]{9}"  # nine\n')
    before = fingerprint(tmp_path)
    module.write_text('"""Other."""\n\nA = "[0-9]{9}"\n')
    assert fingerprint(tmp_path) == before
    module.write_text('"""Other."""\n\nA = "[0-9]{10}"\n')
    assert fingerprint(tmp_path) != before
