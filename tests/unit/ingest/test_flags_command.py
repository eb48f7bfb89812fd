"""`rollcall flags` switches what functions read, and refuses what makes no sense."""

import json
from collections.abc import Iterator
from uuid import UUID, uuid4

import boto3
import pytest
from moto import mock_aws
from rollcall.contracts.ingest.flags import Flags
from typer.testing import CliRunner

from workbench.cli import app
from workbench.errors import WorkbenchError

STACK = "a-stack"
NAME = f"/rollcall/{STACK}/flags"
ORG = uuid4()


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield


def run(*arguments: str) -> Flags:
    """Run the command against a stack on AWS, and return the flags that it printed."""
    done = CliRunner().invoke(app, ["flags", *arguments, "--stack-name", STACK], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return Flags.model_validate_json(done.stdout)


def kept() -> dict[str, object]:
    """Return the parameter as functions would read it."""
    document: dict[str, object] = json.loads(boto3.client("ssm").get_parameter(Name=NAME)["Parameter"]["Value"])
    return document


@pytest.mark.slow
def test_what_is_set_is_kept_until_it_is_unset() -> None:
    """Each command changes its own part, prints all of it, and what it prints is what functions read."""
    assert run("show") == Flags()
    run("set", "emit", "off")
    run("set", "sampling", "lesson_viewed", "0.1")
    flags = run("organisation", str(ORG), "emit", "off")
    assert (flags.emit, flags.sampling, flags.organisations[UUID(str(ORG))].emit) == (
        "off",
        {"lesson_viewed": 0.1},
        "off",
    )
    assert run("show") == flags == Flags.model_validate(kept())
    run("unset", "emit")
    run("unset", "sampling", "lesson_viewed")
    assert run("unset", "organisation", str(ORG)) == Flags()
    assert run("unset", "sampling", "never_set") == Flags()
    assert Flags.model_validate(kept()) == Flags()


@pytest.mark.parametrize(
    "arguments",
    [
        ["set", "emit", "maybe"],
        ["set", "sampling", "lesson_viewed", "1.5"],
        ["set", "sampling", "", "0.5"],
        ["organisation", str(ORG), "emit", "maybe"],
        ["organisation", str(ORG), "emmit", "off"],
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(arguments: list[str]) -> None:
    """The command names the fault, and writes nothing that functions would have to ignore."""
    before = run("set", "emit", "off")
    with pytest.raises(WorkbenchError, match="The flags are invalid"):
        run(*arguments)
    assert run("show") == before


def test_a_document_that_somebody_broke_is_told() -> None:
    """What was put there by other means, and makes no sense, is not overwritten."""
    boto3.client("ssm").put_parameter(Name=NAME, Value='{"emmit": "off"}', Type="String")
    with pytest.raises(WorkbenchError, match="emmit"):
        run("set", "emit", "off")
    assert kept() == {"emmit": "off"}
