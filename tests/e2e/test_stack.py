"""The life of the local stack: started once, found again, with a clear error when it cannot start."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from workbench import cli
from workbench.checkout import Checkout, here
from workbench.errors import WorkbenchError
from workbench.stack.local import LocalStack
from workbench.stack.state import StackState

TURN = -1  # before a test restarts PostgreSQL, which makes it another process than the one on record


@pytest.fixture
def run(stack: LocalStack, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """Return what runs `rollcall` on the stack of these tests instead of the developer's own."""
    monkeypatch.setattr(cli, "here", lambda: stack.checkout)
    return CliRunner()


def test_second_up_changes_nothing(stack: LocalStack, state: StackState) -> None:
    """Starting a stack that runs returns its addresses and touches nothing."""
    said: list[str] = []
    assert stack.up(said.append) == state
    assert said == ["The stack is running already."]


@pytest.mark.parametrize("busy", ["http_port", "database_port"])
def test_busy_port_is_named(state: StackState, tmp_path: Path, busy: str) -> None:
    """A port that was asked for and is taken is a clear error, before anything is started."""
    taken = state.emulator_port if busy == "http_port" else state.postgres_port
    other = LocalStack(Checkout(root=here().root, home=tmp_path / "other"))
    with pytest.raises(WorkbenchError, match=f"Port {taken} is in use"):
        other.up(print, **{busy: taken})
    assert other.postgres.pid is None
    assert other.emulator.pid is None


def test_state_is_for_its_owner_alone(stack: LocalStack, state: StackState) -> None:
    """stack.json holds the local administrator's password: other users cannot read it."""
    assert stack.checkout.stack_file.stat().st_mode & 0o077 == 0
    assert StackState.model_validate_json(stack.checkout.stack_file.read_text()) == state


def test_token_prints_a_token_and_nothing_else(run: CliRunner) -> None:
    """`rollcall token` can be used in a command line: its output is the token."""
    done = run.invoke(cli.app, ["token", "--org", "6f0c1cc6-6d3c-4ff0-9c3a-0f5d4b7f7f10", "--scope", "admin:read"])
    assert done.exit_code == 0
    assert done.stdout.count("\n") == 1
    assert done.stdout.count(".") == 2
    assert done.stderr == ""


def test_status_tells_where_the_stack_is(run: CliRunner, state: StackState) -> None:
    """`rollcall status` names the addresses of a running stack and succeeds."""
    done = run.invoke(cli.app, ["status"], env={"COLUMNS": "200"})
    assert done.exit_code == 0
    assert "up" in done.stderr
    assert str(state.emulator_port) in done.stderr
    assert state.console_url in done.stderr
    assert "rollcall token --org <organisation> --scope admin:write --role service" in done.stderr


def test_logs_are_those_of_the_function_asked_for(run: CliRunner, state: StackState) -> None:
    """What migrated the database said so, and no other function's line stands beside it."""
    result = run.invoke(cli.app, ["logs", "migrate", "--minutes", "60"])
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert any('"message":"migrated"' in line for line in lines)
    assert all(line.startswith("migrate ") for line in lines)


def test_status_of_a_stack_that_is_down_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`rollcall status` fails where no stack runs, so that scripts can ask."""
    monkeypatch.setattr(cli, "here", lambda: Checkout(root=here().root, home=tmp_path))
    assert CliRunner().invoke(cli.app, ["status"]).exit_code == 1
