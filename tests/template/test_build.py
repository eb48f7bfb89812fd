"""The output of `sam build` is complete: a function needs its layers and Lambda's runtime, and no checkout."""

import subprocess
from pathlib import Path

import pytest

from tests.checkout import ROOT
from tests.template.document import Template, target
from workbench.stack.deployment import Deployment

IMPORT = """
import importlib, sys
sys.path[:0] = sys.argv[2:]
assert callable(importlib.import_module(sys.argv[1]).handler)
import rollcall
print(rollcall.__file__)
"""
FIND_SCHEMA = """
import sys
sys.path[:0] = sys.argv[1:]
from rollcall.store import migrations
print(len(migrations.Schema.read(migrations.find_schema()).migrations))
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a fresh build."""
    folder = tmp_path_factory.mktemp("build")
    Deployment(ROOT, "http://127.0.0.1:1", folder / "sam.log").build("--build-dir", str(folder / "out"))
    return folder / "out"


def python(folder: Path, script: str, *arguments: str) -> str:
    """Run a script in the interpreter of local functions, which has the SDK and does not see the checkout."""
    command = [str(ROOT / ".lambda" / "bin" / "python"), "-I", "-c", script, *arguments]
    environment = {"AWS_REGION": "us-east-1", "PATH": ""}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def layers(built: Path, function: str) -> list[str]:
    """Return the folders that a function's layers put on the path."""
    template = Template.read()
    named = [*template.body["Globals"]["Function"]["Layers"], *template.properties(function).get("Layers", [])]
    return [str(built / target(layer) / "python") for layer in dict.fromkeys(map(str, map(target, named)))]


@pytest.mark.parametrize("function", sorted(Template.read().functions))
def test_a_function_imports_with_its_layers_alone(built: Path, function: str) -> None:
    """A built function finds its handler and all that it imports in its own package and its layers."""
    module = Template.read().properties(function)["Handler"].removesuffix(".handler")

    package = python(built, IMPORT, module, str(built / function), *layers(built, function))

    assert package.startswith(str(built))


def test_the_schema_layer_holds_every_migration(built: Path) -> None:
    """The migrate function finds the SQL in its layer, as many migrations as the checkout has."""
    migrations = len(list((ROOT / "sql" / "migrations").glob("*.sql")))

    assert python(built, FIND_SCHEMA, *layers(built, "MigrateFunction")) == str(migrations)
