"""Public scanners find nothing in the template."""

import json
import os
import subprocess
from pathlib import Path

from tests.checkout import ROOT
from tests.template.document import Template


def run(*command: str) -> None:
    """Run a scanner without the network; fail with its output."""
    environment = {
        **os.environ,
        "SAM_CLI_TELEMETRY": "0",
        "AWS_DEFAULT_REGION": "us-east-1",
        "PYTHONWARNINGS": "ignore",
    }
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_sam_and_cfn_lint_find_nothing() -> None:
    """The template is valid SAM, and cfn-lint finds nothing."""
    run(".venv/bin/sam", "validate", "--lint")


def test_checkov_finds_nothing(tmp_path: Path) -> None:
    """Nothing fails; each exception stands with its reason in .checkov.yaml or beside the resource."""
    expanded = tmp_path / "template.json"
    expanded.write_text(json.dumps(Template.read().body, indent=2))
    run(".checkov/bin/checkov", "--file", str(expanded), "--config-file", ".checkov.yaml")
