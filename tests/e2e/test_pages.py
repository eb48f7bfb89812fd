"""The shell commands of README.md and of the tutorial, pasted into a shell on the running stack."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.checkout import ROOT
from tests.pages import section, shell_blocks
from workbench.stack.local import LocalStack

START_OR_STOP = re.compile(r"^(make |sam )", re.MULTILINE)
# The tool addresses the stack of its own checkout. This one addresses the stack of the tests.
TOOL = """#!{python}
import sys
from pathlib import Path
from workbench import checkout

checkout.here = lambda: checkout.Checkout(root=Path({root!r}), home=Path({home!r}))
from workbench.cli import app

sys.argv[0] = "rollcall"
app()
"""


@pytest.fixture
def folder(stack: LocalStack, tmp_path: Path) -> Path:
    """A folder in which `.venv/bin/rollcall` and `.rollcall/` are those of the tests' stack."""
    tools = tmp_path / ".venv" / "bin"
    tools.mkdir(parents=True)
    (tools / "rollcall").write_text(TOOL.format(python=sys.executable, root=str(ROOT), home=str(stack.checkout.home)))
    (tools / "rollcall").chmod(0o755)
    (tools / "python").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
    (tools / "python").chmod(0o755)
    (tmp_path / ".rollcall").symlink_to(stack.checkout.home)
    return tmp_path


def paste(blocks: list[str], folder: Path) -> str:
    """Run blocks in one shell, as a person pastes them, and return what it printed; fail when a command fails."""
    script = "set -eu\n" + "\n".join(blocks)
    done = subprocess.run(["/bin/bash", "-c", script], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def test_the_first_curl_of_the_readme_is_accepted(folder: Path) -> None:
    """Pasted as it stands on the page, it stores one event; pasted again, it makes and stores another one."""
    (block,) = [block for block in shell_blocks(section("README.md", "Send events")) if "curl" in block]
    for _ in range(2):
        answer = json.loads(paste([block], folder))
        assert answer["counts"] == {
            "accepted": 1, "duplicate": 0, "conflict": 0, "rejected": 0, "spooled": 0, "retry": 0
        }  # fmt: skip


def test_the_tutorial_does_what_it_says(folder: Path) -> None:
    """Every command of the page succeeds, in the order of the page, and prints what the page announces."""
    page = (ROOT / "docs" / "tutorial" / "first-hour.md").read_text()
    printed = paste([block for block in shell_blocks(page) if not START_OR_STOP.search(block)], folder)
    statuses = re.findall(r'"status":"(accepted|duplicate|conflict|rejected)"', printed)
    assert statuses == ["accepted", "duplicate", "conflict", "accepted", "rejected"]
    assert printed.count('"state":"stored"') == 2
    assert '"reason":"learner_erased"' in printed
    assert "kim@school.example" not in printed.replace('"value":"kim@school.example"', "")
    assert re.search(r"spool +poisoned +open", printed)
    # `--all` also takes what other tests left on this stack.
    assert re.search(r"^[1-9][\d,]* discarded", printed, re.MULTILINE)
    assert (folder / "certificate.json").is_file()
