"""Collects every pattern that the product compiles, so that a new one is tried without being named anywhere."""

import ast
import gc
import importlib
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import BuiltinMethodType, FunctionType, ModuleType
from typing import Any

from rollcall.contracts.times import RFC_3339
from rollcall.domain.scrub.rules import payment
from rollcall.domain.scrub.rules.families import RULES

from tests.checkout import ROOT

SOURCES = {"rollcall": ROOT / "layers" / "rollcall", "functions": ROOT, "workbench": ROOT}
CALLS = {"compile", "match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer"}
DEPTH_MAX = 4
# Places that put a pattern together when they run, and where each is collected below.
MADE_WHEN_RUN = {
    "rule.py:pattern.compile",
    "rule.py:_context.compile",
    "rule.py:_behind.compile",
    "payment.py:_account.compile",
    "family.py:__init__.compile",
    "family.py:_fit.search",
    "mentions.py:_pattern.compile",  # an alternation of escaped texts, each tried once at a place
    "times.py:read_time.fullmatch",  # contracts' own form of RFC 3339, which pydantic's fields have as well
    "plans.py:_prepare.sub",  # the repository's own SQL
    "assignments.py:_key.fullmatch",
}


def _files() -> Iterator[tuple[str, Path]]:
    for package, root in SOURCES.items():
        for path in sorted((root / package).rglob("*.py")):
            yield ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"), path


def modules() -> list[ModuleType]:
    """Import every module of the product."""
    return [importlib.import_module(name) for name, path in _files() if path.name != "__main__.py"]


def _within(value: Any, depth: int, seen: set[int]) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    if depth == 0 or id(value) in seen or isinstance(value, str | bytes | int | float | ModuleType):
        return
    seen.add(id(value))
    parts: list[Any] = []
    if isinstance(value, BuiltinMethodType):
        parts = [value.__self__]
    elif isinstance(value, FunctionType) and value.__module__.partition(".")[0] in SOURCES:
        parts = [cell.cell_contents for cell in value.__closure__ or () if cell.cell_contents is not None]
        parts += [*(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values()]
    elif isinstance(value, dict | list | tuple | set | frozenset):
        parts = [*value.values()] if isinstance(value, dict) else [*value]
    elif type(value).__module__.partition(".")[0] in SOURCES:
        parts = gc.get_referents(value)
    for part in parts:
        yield from _within(part, depth - 1, seen)


def _made_when_run() -> Iterator[re.Pattern[Any]]:
    for rule in RULES:
        yield rule.pattern
        if rule.context:
            yield rule._context
        yield re.compile(rule.shape.encode())
    yield re.compile(RFC_3339)
    yield from (payment._account(length) for length in set(payment.IBAN_LENGTHS.values()))


def call_sites() -> Iterator[tuple[str, re.Pattern[Any] | None]]:
    """Return each call of `re` within a function: where it is, and its pattern if it is written there."""
    for _, path in _files():
        tree = ast.parse(path.read_text())
        for function in ast.walk(tree):
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            for node in ast.walk(function):
                if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
                    continue
                owner = node.func.value
                if isinstance(owner, ast.Name) and owner.id == "re" and node.func.attr in CALLS:
                    yield f"{path.name}:{function.name}.{node.func.attr}", _literal(node.args[0])


def _literal(node: ast.expr) -> re.Pattern[Any] | None:
    try:
        return re.compile(ast.literal_eval(node))
    except (ValueError, TypeError):
        return None


def patterns() -> dict[str, re.Pattern[Any]]:
    """Return every pattern, by a name for its test: where it was first seen, and how it begins."""
    found: dict[re.Pattern[Any], str] = {}
    seen: set[int] = set()
    for rule in RULES:
        found.setdefault(rule.pattern, rule.id)
    for module in modules():
        for name, value in vars(module).items():
            for pattern in _within(value, DEPTH_MAX, seen):
                found.setdefault(pattern, f"{module.__name__.rpartition('.')[2]}.{name}")
    for pattern in _made_when_run():
        found.setdefault(pattern, "made when run")
    for place, literal in call_sites():
        if literal:
            found.setdefault(literal, place)
    own = {pattern: name for pattern, name in found.items() if pattern.pattern}
    return {f"{name} {number}": pattern for number, (pattern, name) in enumerate(own.items())}


@cache
def _uses() -> dict[str, set[str]]:
    """Return what is asked of each constant anywhere in the product."""
    found: dict[str, set[str]] = defaultdict(set)
    for _, path in _files():
        for name, use in re.findall(r"\b([A-Z][A-Z0-9_]*)\.([a-z]+)\b", path.read_text()):
            found[name].add(use)
    return found


def is_anchored(name: str) -> bool:
    """Tell whether the product asks of a pattern of this name only whether a text begins with it or is it."""
    constant = name.split(" ", maxsplit=1)[0].rpartition(".")[2]
    if constant in {"match", "fullmatch"}:
        return True
    found = _uses()[constant] & CALLS
    return bool(found) and found <= {"match", "fullmatch"}


__all__ = ["MADE_WHEN_RUN", "call_sites", "is_anchored", "modules", "patterns"]
