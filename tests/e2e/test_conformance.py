"""The API does what its OpenAPI document says, and nothing else: schemathesis, every check, no finding."""

import json
import os
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

from typer.testing import CliRunner

from functions.openapi import app as openapi
from tests.e2e.conformance_hooks import ORG_ID, WRITE_KEY
from tests.e2e.people import Api
from workbench.cli import app
from workbench.stack.state import StackState

CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
PROGRAM = Path(sys.executable).with_name("schemathesis")


def test_deployed_api_is_as_described(api: Api, state: StackState, tmp_path: Path) -> None:
    """Schemathesis generates valid and invalid requests from /openapi.json and finds nothing to complain about."""
    org_id = uuid4()
    token = api.signer.sign(str(uuid4()), [org_id], role="service", scopes=["admin:write"])
    made = CliRunner().invoke(app, ["write-key", "create", "--org", str(org_id), "--dsn", state.dsn])
    command: list[str | Path] = [
        PROGRAM, "--config-file", CONFIGURATION, "run", f"{state.http_url}/openapi.json", "--url", state.http_url,
        # A function may start cold beside all else that starts here.
        "--request-timeout", "30",
        "--header", f"Authorization: Bearer {token}",
    ]  # fmt: skip
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, ORG_ID: str(org_id), WRITE_KEY: made.stdout.splitlines()[-1]},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    # All but that of the description itself.
    operations = sum(len(methods) for methods in json.loads(openapi.document())["paths"].values()) - 1
    assert f"Tested: {operations}" in done.stdout, done.stdout
