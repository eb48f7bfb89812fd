"""Runs a script of this folder under node, which came with the environment from PyPI."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
PROGRAM = Path(sys.executable).with_name("node")
PATIENCE_SECONDS = 120


def run(script: str, **options: Any) -> Any:
    """Run `script` with these options, as JSON in OPTIONS; return the JSON in the last line that it prints."""
    done = subprocess.run(
        [PROGRAM, FOLDER / script],
        cwd=FOLDER,
        env={**os.environ, "OPTIONS": json.dumps(options)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])
