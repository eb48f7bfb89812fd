"""Layers and nouns: imports point inward, each kind of IO has one layer, and every layer has the same nouns."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from rollcall.domain.jobs.schedule import JOBS

from tests.checkout import ROOT

PACKAGE = ROOT / "layers" / "rollcall"

# A layer may import the layers named here, and itself.
ALLOWED = {
    "rollcall.errors": set(),
    "rollcall.contracts": {"rollcall.errors"},
    "rollcall.domain": {"rollcall.contracts", "rollcall.errors"},
    "rollcall.store": {"rollcall.contracts", "rollcall.domain", "rollcall.errors"},
    "rollcall.cloud": {"rollcall.contracts", "rollcall.errors"},
    "rollcall.flows": {"rollcall.contracts", "rollcall.domain", "rollcall.errors"},
    "rollcall.edge": {
        "rollcall", "rollcall.cloud", "rollcall.contracts", "rollcall.domain", "rollcall.errors", "rollcall.flows",
        "rollcall.store",
    },
    "functions": {"rollcall.edge", "rollcall.flows", "rollcall.contracts", "rollcall.errors"},
}  # fmt: skip
# The migrate function runs the store's migrations for CloudFormation, with no flow between.
EXTRA = {"functions.migrate.app": {"rollcall.store", "rollcall.cloud"}}
# A library belongs to the layers named here.
LIBRARIES = {
    "psycopg": {"rollcall.store", "functions.migrate"},
    "boto3": {"rollcall.cloud"},
    "botocore": {"rollcall.cloud"},
    "aws_lambda_powertools": {"rollcall.edge", "functions.partition"},
    "jwt": {"rollcall.edge", "functions.authorizer"},
}


def modules() -> Iterator[tuple[str, ast.Module]]:
    for base in (PACKAGE, ROOT):
        folder = base / ("rollcall" if base == PACKAGE else "functions")
        for path in sorted(folder.rglob("*.py")):
            name = ".".join(path.relative_to(base).with_suffix("").parts)
            yield name.removesuffix(".__init__"), ast.parse(path.read_text())


def imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def layer_of(name: str) -> str:
    parts = name.split(".")
    if parts[0] == "rollcall":
        known = ".".join(parts[:2])
        return known if known in ALLOWED else "rollcall"
    return parts[0]


MODULES = dict(modules())


@pytest.mark.parametrize("name", [name for name in MODULES if layer_of(name) in ALLOWED])
def test_a_layer_imports_only_the_layers_that_it_may(name: str) -> None:
    """A module imports its own layer and those that ALLOWED names."""
    layer = layer_of(name)
    allowed = ALLOWED[layer] | EXTRA.get(name, set())
    for imported in imports(MODULES[name]):
        target = layer_of(imported)
        if target.split(".")[0] in {"rollcall", "functions", "workbench"} and target != layer:
            assert target in allowed, f"{name} imports {imported}"


@pytest.mark.parametrize("name", [name for name in MODULES if name.startswith("functions.")])
def test_functions_never_import_each_other(name: str) -> None:
    """A handler stands alone."""
    for imported in imports(MODULES[name]):
        if imported.startswith("functions."):
            assert imported.startswith(".".join(name.split(".")[:2]))


@pytest.mark.parametrize("name", MODULES)
def test_a_library_stays_in_its_layer(name: str) -> None:
    """SQL, AWS and tokens have one layer each."""
    for imported in imports(MODULES[name]):
        for library, layers in LIBRARIES.items():
            if imported.split(".")[0] == library:
                assert any(name.startswith(layer) for layer in layers), f"{name} imports {imported}"


@pytest.mark.parametrize("name", MODULES)
def test_only_settings_reads_the_environment(name: str) -> None:
    """Only edge.runtime.settings reads `os.environ`."""
    reads = any(
        isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"} for node in ast.walk(MODULES[name])
    )
    assert not reads or name == "rollcall.edge.runtime.settings"


def test_only_wiring_and_handlers_of_settings_construct_io() -> None:
    """Only edge.wiring builds connections, queues and secrets."""
    built = {"Database", "Objects", "Queues", "Secrets"}
    for name, tree in MODULES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in built:
                assert name.startswith("rollcall.edge.wiring"), f"{name} builds {node.func.id}"


@pytest.mark.parametrize("path", sorted((ROOT / "functions").glob("*/app.py")), ids=lambda path: path.parent.name)
def test_every_module_says_what_it_is_for(path: Path) -> None:
    """A handler's file opens with one line of purpose."""
    docstring = ast.get_docstring(ast.parse(path.read_text()))
    assert docstring
    assert docstring.splitlines()[0].endswith(".")


NOUNS = frozenset({
    "ingest", "scrub", "dead_letters", "operations", "replay", "rollups", "reports", "retention", "privacy", "jobs",
    "health", "sockets", "assignments",
})  # fmt: skip
# What lies beside the nouns: pieces that several nouns share.
SHARED: dict[str, frozenset[str]] = {
    "layers/rollcall/rollcall/contracts": frozenset(
        {"caller", "fields", "identifiers", "placeholders", "problem", "storable", "times"}
    ),
    "layers/rollcall/rollcall/domain": frozenset({"faults", "gzip_body", "keyring", "media_type", "scopes"}),
    "layers/rollcall/rollcall/store": frozenset({"connection", "migrations", "procedures"}),
    "layers/rollcall/rollcall/flows": frozenset(),
    "layers/rollcall/rollcall/edge/routes": frozenset({"access", "backlog_gate", "console"}),
    "layers/rollcall/rollcall/edge/wiring": frozenset({"environment", "signalling_database", "token_rules"}),
    "sql/procedures": frozenset({"access", "partitions"}),
    "tests/unit": frozenset(
        {"access", "cloud", "docs", "edge", "fakes", "patterns", "workbench", "conftest", "test_layers"}
    ),
    "tests/integration": frozenset({"schema"}),
}


@pytest.mark.parametrize("folder", SHARED)
def test_a_layer_has_the_nouns_and_few_shared_pieces(folder: str) -> None:
    """`find . -path '*dead_letters*'` shows a whole slice: contract, rule, store, flow, route, wiring, SQL, tests."""
    found = {path.stem for path in (ROOT / folder).iterdir() if not path.stem.startswith(("__", "."))}
    assert found - NOUNS == SHARED[folder]


# A noun of flows imports nouns of later lines alone.
FLOW_ORDER = (
    {"privacy", "replay"},
    {"ingest", "dead_letters"},
    {"scrub", "health"},
    {"retention", "rollups", "assignments"},
    {"operations", "jobs"},
)
# These import no other noun, and no other noun imports them.
FLOWS_APART = frozenset({"sockets", "reports"})
EDGE_ORDER = ({"routes", "triggers"}, {"wiring"}, {"http"}, {"runtime"})


def parts_imported(layer: str) -> Iterator[tuple[str, str, str]]:
    """Yield the module, its part of the layer and the other part of the same layer that it imports."""
    for name, tree in MODULES.items():
        if name.startswith(layer + "."):
            own = name.removeprefix(layer + ".").split(".")[0]
            for imported in imports(tree):
                part = imported.removeprefix(layer + ".").split(".")[0]
                if imported.startswith(layer + ".") and part != own:
                    yield name, own, part


@pytest.mark.parametrize(("layer", "order"), [("rollcall.flows", FLOW_ORDER), ("rollcall.edge", EDGE_ORDER)])
def test_parts_of_a_layer_import_in_one_direction(layer: str, order: tuple[set[str], ...]) -> None:
    """No circle between nouns: a part imports parts of later ranks alone."""
    rank = {part: place for place, parts in enumerate(order) for part in parts}
    for name, own, part in parts_imported(layer):
        assert {own, part} <= set(rank), f"{name} imports {part}"
        assert rank[own] < rank[part], f"{name} imports {part}"


def test_every_part_of_flows_and_edge_has_a_rank() -> None:
    """A new noun takes its place in the order, or stands apart."""
    for layer, order, apart in (("flows", FLOW_ORDER, FLOWS_APART), ("edge", EDGE_ORDER, frozenset[str]())):
        folder = PACKAGE / "rollcall" / layer
        found = {path.stem for path in folder.iterdir() if not path.stem.startswith("__")}
        assert found == set().union(*order) | apart


def test_a_job_and_its_function_have_the_same_name() -> None:
    """Job, function, log group, alarm and metric agree at 3 a.m.; tests/template holds the template to it."""
    folders = {path.parent.name for path in (ROOT / "functions").glob("*/app.py")}
    assert set(JOBS) <= folders
    for name in JOBS:
        assert f'@job.entry("{name}")' in (ROOT / "functions" / name / "app.py").read_text()


PROCEDURE = re.compile(r"\b[a-z_]+_v[0-9]+\b")
# These work on rows of the noun whose folder they lie in, for a store of another noun.
CALLED_FROM_ANOTHER_NOUN = {
    "claim_job_failures_v1": "jobs",
    "confirm_job_failures_v1": "jobs",
    "count_open_dead_letters_v1": "dead_letters",
    "count_outdated_analytics_v1": "scrub",
    "count_pending_assignments_v1": "assignments",
    "default_partition_bytes_v1": "partitions",
    "find_barred_v1": "privacy",
    "make_partitions_v1": "partitions",
    "read_outdated_analytics_v1": "scrub",
    "replay_progress_v1": "replay",
    "rewrite_analytics_v1": "scrub",
    "set_report_pass_key_v1": "reports",
    "settle_default_partitions_v1": "partitions",
}


def test_a_procedures_folder_is_the_noun_of_the_store_that_calls_it() -> None:
    """Of a procedure that several nouns call, the folder is one of them; exceptions are named above."""
    folders = {path.stem: path.parent.name for path in (ROOT / "sql" / "procedures").rglob("*.sql")}
    callers: dict[str, set[str]] = {}
    for path in (PACKAGE / "rollcall" / "store").rglob("*.py"):
        noun = path.relative_to(PACKAGE / "rollcall" / "store").with_suffix("").parts[0]
        for procedure in PROCEDURE.findall(path.read_text()):
            callers.setdefault(procedure, set()).add(noun)
    elsewhere = {name: folders[name] for name, nouns in callers.items() if folders[name] not in nouns}
    assert elsewhere == CALLED_FROM_ANOTHER_NOUN
