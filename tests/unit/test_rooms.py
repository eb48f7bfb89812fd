"""Who may import whom: dependencies point inward, and each kind of IO has one room."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "layers" / "rollcall"

# A room may import the rooms named here, and itself.
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
# The migrate function is a runner of the store's and CloudFormation's, with no flow between.
EXTRA = {"functions.migrate.app": {"rollcall.store", "rollcall.cloud"}}
# A library belongs to the rooms named here.
LIBRARIES = {
    "psycopg": {"rollcall.store", "functions.migrate"},
    "boto3": {"rollcall.cloud"},
    "botocore": {"rollcall.cloud"},
    "aws_lambda_powertools": {"rollcall.edge", "functions.dead_letters", "functions.load", "functions.partition"},
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


def room_of(name: str) -> str:
    parts = name.split(".")
    if parts[0] == "rollcall":
        known = ".".join(parts[:2])
        return known if known in ALLOWED else "rollcall"
    return parts[0]


MODULES = dict(modules())


@pytest.mark.parametrize("name", [name for name in MODULES if room_of(name) in ALLOWED])
def test_a_room_imports_only_its_neighbours(name: str) -> None:
    """A module imports its own room and those that DESIGN's rule allows."""
    room = room_of(name)
    allowed = ALLOWED[room] | EXTRA.get(name, set())
    for imported in imports(MODULES[name]):
        target = room_of(imported)
        if target.split(".")[0] in {"rollcall", "functions", "workbench"} and target != room:
            assert target in allowed, f"{name} imports {imported}"


@pytest.mark.parametrize("name", [name for name in MODULES if name.startswith("functions.")])
def test_functions_never_import_each_other(name: str) -> None:
    """A handler stands alone."""
    for imported in imports(MODULES[name]):
        if imported.startswith("functions."):
            assert imported.startswith(".".join(name.split(".")[:2]))


@pytest.mark.parametrize("name", MODULES)
def test_a_library_stays_in_its_room(name: str) -> None:
    """SQL, AWS and tokens are spoken in one room each."""
    for imported in imports(MODULES[name]):
        for library, rooms in LIBRARIES.items():
            if imported.split(".")[0] == library:
                assert any(name.startswith(room) for room in rooms), f"{name} imports {imported}"


@pytest.mark.parametrize("name", MODULES)
def test_only_settings_reads_the_environment(name: str) -> None:
    """`os.environ` is read in edge.settings alone."""
    reads = any(
        isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"} for node in ast.walk(MODULES[name])
    )
    assert not reads or name == "rollcall.edge.settings"


def test_only_wiring_and_handlers_of_settings_construct_io() -> None:
    """Connections, queues and secrets are built in edge.wiring, nowhere else."""
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
