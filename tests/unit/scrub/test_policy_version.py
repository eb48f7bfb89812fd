"""The policy's version changes whenever what it does can change: a re-scrub selects stored rows by their version."""

import ast
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import rollcall.domain.scrub as package
from rollcall.domain.scrub.policy import VERSION

RECORD = Path(__file__).with_name("policy_versions.json")
# These modules decide nothing of what is kept: only how the walks report, how fast they are, and who may set a policy.
APART = frozenset({"remark.py", "means.py", "text_profile.py", "strictness.py"})
# Fields of syntax that say nothing of behaviour, or that only some versions of Python have.
FORMALITIES = frozenset({"ctx", "kind", "type_comment", "type_ignores", "type_params"})
DEFINITIONS = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def fingerprint(folder: Path) -> str:
    """Return a digest of the code in the package that decides what is kept.

    Comments, docstrings, the layout of lines, import lines, and the names and folders of modules do not count.
    """
    modules = (path.read_text() for path in folder.rglob("*.py") if path.name not in APART)
    digests = sorted(hashlib.sha256("\0".join(_syntax(ast.parse(text))).encode()).hexdigest() for text in modules)
    return hashlib.sha256("".join(digests).encode()).hexdigest()[:16]


def _syntax(node: object) -> Iterator[str]:
    """Yield a syntax tree's nodes and values in order: the same with every version of Python."""
    if isinstance(node, list):
        yield "["
        for item in node:
            yield from _syntax(item)
        yield "]"
    elif not isinstance(node, ast.AST):
        yield repr(node)
    elif not isinstance(node, ast.Import | ast.ImportFrom):
        yield type(node).__name__
        for name, value in ast.iter_fields(node):
            if name not in FORMALITIES and value not in (None, []):
                yield name
                has_docstring = isinstance(node, DEFINITIONS) and name == "body" and ast.get_docstring(node) is not None
                yield from _syntax(value[1:] if has_docstring else value)


def test_rules_change_only_with_the_version() -> None:
    """A rule that is changed under the same version never reaches what is stored already.

    Where this fails: raise VERSION in domain/scrub/policy.py, unless it was raised since the last release or the change
    only renames something. Then write the fingerprint that is shown here beside the version into policy_versions.json.
    """
    recorded = json.loads(RECORD.read_text())
    assert list(recorded)[-1] == VERSION
    assert recorded[VERSION] == fingerprint(Path(next(iter(package.__path__))))


def test_modules_apart_exist() -> None:
    """So that a renamed module keeps its place in the list."""
    names = {path.name for path in Path(next(iter(package.__path__))).rglob("*.py")}
    assert names >= APART


def test_a_changed_pattern_changes_the_fingerprint(tmp_path: Path) -> None:
    """One digit less is another rule."""
    module = tmp_path / "rule.py"
    module.write_text('A = "[0-9]{9}"\n')
    before = fingerprint(tmp_path)
    module.write_text('A = "[0-9]{10}"\n')
    assert fingerprint(tmp_path) != before


def test_prose_imports_and_places_do_not_change_the_fingerprint(tmp_path: Path) -> None:
    """So that prose can be mended, and modules moved, freely."""
    module = tmp_path / "rule.py"
    module.write_text(
        '"""Doc."""\nfrom a import b\n\n\ndef find(text: str) -> bool:\n    return b(text, "x")  # Why.\n'
    )
    before = fingerprint(tmp_path)
    module.unlink()
    moved = tmp_path / "rules" / "families.py"
    moved.parent.mkdir()
    body = '    """Find."""\n    return b(\n        text,\n        "x",\n    )\n'
    moved.write_text(f'"""Other."""\nfrom rules.a import b\n\n\ndef find(text: str) -> bool:\n{body}')
    assert fingerprint(tmp_path) == before
