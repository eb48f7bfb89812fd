"""Every call of a stored procedure in the code names parameters and columns that the database's catalogue has."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from rollcall.store.procedures import call_statement

from tests.postgres import ScratchDatabase

STORE = Path(__file__).parents[3] / "layers/rollcall/rollcall/store"
PROCEDURE = re.compile(r"[a-z_]+_v[0-9]+")
COLUMNS = re.compile(r"[a-z0-9_]+(, [a-z0-9_]+)*")
# The pass of a report is presented in the place of this parameter, which ReportStore adds to each call.
ADDED_BY_REPORTS = frozenset({"p_org_id"})
CATALOGUE = """
select
    proname, proargnames, proargmodes::text[],
    pronargs - pronargdefaults
from pg_proc where pronamespace = 'rollcall'::regnamespace
"""


@dataclass(frozen=True)
class Call:
    """A call of a procedure, as the source has it."""

    place: str
    procedure: str
    columns: str
    parameters: frozenset[str]


@dataclass(frozen=True)
class Signature:
    """A procedure, as the catalogue has it."""

    required: frozenset[str]
    parameters: frozenset[str]
    columns: frozenset[str]


def calls() -> list[Call]:
    """Return every call of a procedure in the store, in whichever way it is written."""
    return [call for path in sorted(STORE.rglob("*.py")) for call in _calls_of(path)]


def _calls_of(path: Path) -> Iterator[Call]:
    module = ast.parse(path.read_text())
    for node in ast.walk(module):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        texts = [str(argument.value) for argument in node.args if isinstance(argument, ast.Constant)]
        if texts and PROCEDURE.fullmatch(texts[0]):
            added = ADDED_BY_REPORTS if texts[0].startswith("report_") else frozenset()
            columns = texts[1] if len(texts) > 1 else ""
            yield Call(f"{path.name}:{node.lineno}", texts[0], columns, added | frozenset(_parameters(node, module)))


def _parameters(node: ast.Call, module: ast.Module) -> Iterator[str]:
    """Yield the names of a call's parameters: keywords, tuples of names, or a dictionary that a function returns."""
    for keyword in node.keywords:
        if keyword.arg is not None:
            yield keyword.arg
        else:
            yield from _returned_keys(keyword.value, module)
    for argument in node.args:
        if isinstance(argument, ast.Tuple):
            yield from (ast.literal_eval(name) for name in argument.elts)


def _returned_keys(value: ast.expr, module: ast.Module) -> Iterator[str]:
    if isinstance(value, ast.Name):  # a variable that holds what such a function returned
        assigned = [node for node in ast.walk(module) if isinstance(node, ast.Assign)]
        (value,) = {node.value for node in assigned if ast.unparse(node.targets[0]) == value.id}
    assert isinstance(value, ast.Call)
    name = ast.unparse(value.func)
    (function,) = (node for node in module.body if isinstance(node, ast.FunctionDef) and node.name == name)
    returned = function.body[-1]
    assert isinstance(returned, ast.Return)
    assert isinstance(returned.value, ast.Dict)
    yield from (ast.literal_eval(key) for key in returned.value.keys if key is not None)


@pytest.fixture
def signatures(clone: ScratchDatabase) -> dict[str, Signature]:
    """Every procedure's signature, by its name."""
    found = {}
    for name, names, modes, required in clone.rows(CATALOGUE):
        moded = list(zip(names or [], modes or ["i"] * len(names or []), strict=True))
        given = [each for each, mode in moded if mode in ("i", "b")]
        returned = [each for each, mode in moded if mode in ("o", "b", "t")]
        found[name] = Signature(frozenset(given[:required]), frozenset(given), frozenset(returned))
    return found


def test_every_call_fits_its_procedure(signatures: dict[str, Signature]) -> None:
    """Each parameter is known, none without a default is left out, and each column is one of the procedure's row."""
    found = calls()
    assert len(found) > 90
    for call in found:
        known = signatures[call.procedure]
        assert known.required <= call.parameters <= known.parameters, call
        if COLUMNS.fullmatch(call.columns):
            assert set(call.columns.split(", ")) <= known.columns, call


def test_a_statement_is_written_once() -> None:
    """The hot path looks it up."""
    first = call_statement("is_turn_over_v1", "", ("p_org_id",))
    assert first == "select rollcall.is_turn_over_v1(p_org_id => %s)"
    assert call_statement("is_turn_over_v1", "", ("p_org_id",)) is first
    assert (
        call_statement("begin_v1", "snapshot, lease_id", ("p_table", "p_day"))
        == "select snapshot, lease_id from rollcall.begin_v1(p_table => %s, p_day => %s)"
    )


def test_no_statement_in_the_store_calls_by_position() -> None:
    """One helper writes every call of a procedure."""
    for path in sorted(STORE.rglob("*.py")):
        assert not re.search(r"_v[0-9]+\((%s|\{)", path.read_text()), path.name
