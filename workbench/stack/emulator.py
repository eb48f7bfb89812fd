"""Starts and stops MiniStack, the emulator of AWS, on loopback."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import psutil

from workbench.errors import WorkbenchError
from workbench.stack.ports import LOOPBACK

REGION = "us-east-1"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_REGION": REGION,
}
START_SECONDS = 30
STOP_SECONDS = 15


@dataclass(frozen=True)
class Emulator:
    """An emulator that belongs to a folder. The folder in a process's environment identifies it."""

    state: Path
    log: Path
    lambda_python: Path

    def start(self, port: int) -> None:
        """Start the emulator detached from this process, and wait until it answers."""
        scratch = self.state / "scratch"
        scratch.mkdir(parents=True, exist_ok=True)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        environment = {
            **os.environ,
            **CREDENTIALS,
            "GATEWAY_PORT": str(port),
            "BIND_HOST": LOOPBACK,
            "MINISTACK_HOST": LOOPBACK,
            "PERSIST_STATE": "1",
            "S3_PERSIST": "1",
            "STATE_DIR": str(self.state),
            "S3_DATA_DIR": str(self.state / "s3"),
            "TMPDIR": str(scratch),
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            "LOG_LEVEL": "INFO",
            "ROLLCALL_LAMBDA_PYTHON": str(self.lambda_python),
        }
        environment.pop("AWS_ENDPOINT_URL", None)
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "workbench.stack.emulator_process"],
                env=environment,
                cwd=self.state,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._pid_file.write_text(str(process.pid))
        self._wait(process, port)

    def _wait(self, process: subprocess.Popen[bytes], port: int) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if process.poll() is not None:
                tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])
                raise WorkbenchError(f"The emulator did not start:\n{tail}")
            if answers(port):
                return
            time.sleep(0.1)
        raise WorkbenchError(f"The emulator does not answer on port {port}; see {self.log}.")

    def stop(self) -> None:
        """Stop the emulator with all its function workers. Does nothing when it does not run."""
        process = self._process()
        if process is None:
            return
        workers = process.children(recursive=True)
        process.send_signal(signal.SIGTERM)
        _, alive = psutil.wait_procs([process], timeout=STOP_SECONDS)
        _, workers_alive = psutil.wait_procs(workers, timeout=1)
        for left in [*alive, *workers_alive]:
            left.kill()
        self._pid_file.unlink(missing_ok=True)

    @property
    def pid(self) -> int | None:
        """The emulator's process, or None when it does not run."""
        process = self._process()
        return process.pid if process else None

    @property
    def _pid_file(self) -> Path:
        return self.state / "pid"

    def _process(self) -> psutil.Process | None:
        try:
            process = psutil.Process(int(self._pid_file.read_text()))
            # Another process may have the PID now.
            ours = process.environ().get("STATE_DIR") == str(self.state)
        except (FileNotFoundError, ValueError, psutil.Error):
            return None
        return process if ours and process.status() != psutil.STATUS_ZOMBIE else None


def answers(port: int) -> bool:
    """Return whether an emulator answers at this port."""
    try:
        with urllib.request.urlopen(f"http://{LOOPBACK}:{port}/_ministack/health", timeout=2) as response:
            return bool(response.status == 200)  # noqa: PLR2004 - HTTP's OK
    except (urllib.error.URLError, OSError):
        return False
