"""Starts and stops the whole local stack, and cleans up after a killed one."""

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import psutil
from rollcall.store import migrations

from workbench.checkout import Checkout
from workbench.errors import WorkbenchError
from workbench.stack.deployment import SOCKET_STAGE, Deployment
from workbench.stack.emulator import REGION, Emulator, answers
from workbench.stack.ports import LOOPBACK, choose
from workbench.stack.postgres import Postgres
from workbench.stack.state import Pids, StackState, read_state

EMULATOR_PORT = 4566
POSTGRES_PORT = 54329
JWT_ISSUER = "https://rollcall.example"
JWT_AUDIENCE = "rollcall"
LOCK_WAIT_SECONDS = 60
BUILD_WAIT_SECONDS = 180
LOCK_POLL_SECONDS = 2

Say = Callable[[str], None]


@dataclass(frozen=True)
class LocalStack:
    """The stack of a checkout."""

    checkout: Checkout
    overrides: Mapping[str, str] = field(default_factory=dict)

    @property
    def postgres(self) -> Postgres:
        """The stack's database."""
        return Postgres(self.checkout.postgres_data, self.checkout.logs / "postgres.log")

    @property
    def emulator(self) -> Emulator:
        """The stack's emulator of AWS."""
        return Emulator(self.checkout.emulator_state, self.checkout.logs / "emulator.log", self.checkout.lambda_python)

    def up(self, say: Say, http_port: int | None = None, database_port: int | None = None) -> StackState:
        """Start everything and deploy. Running parts stay. Raises WorkbenchError."""
        with self._alone(say):
            if (running := self.running()) is not None:
                say("The stack is running already.")
                return running
            self._clean_up(say)
            return self._start(say, http_port, database_port)

    def _start(self, say: Say, http_port: int | None, database_port: int | None) -> StackState:
        emulator_port = self._choose_emulator_port(say, http_port)
        postgres_port = choose(database_port, POSTGRES_PORT)
        endpoint = f"http://{LOOPBACK}:{emulator_port}"
        self.checkout.logs.mkdir(parents=True, exist_ok=True)
        deployment = Deployment(self.checkout.root, endpoint, self.checkout.logs / "sam.log")
        say(f"PostgreSQL on port {postgres_port}")
        self.postgres.create()
        self.postgres.start(postgres_port)
        say("migrations")
        migrations.migrate(self.postgres.conninfo(postgres_port), migrations.Schema.read(self.checkout.schema))
        say(f"emulator of AWS on port {emulator_port}")
        self.emulator.start(emulator_port)
        # Two stacks of one checkout share the output of `sam build`.
        with _locked(self.checkout.build / "lock", say, BUILD_WAIT_SECONDS):
            say("sam build")
            deployment.build()
            say("sam deploy")
            outputs = deployment.deploy(postgres_port, self.postgres.password, self.overrides)
        state = self._state(outputs, endpoint, emulator_port, postgres_port)
        state.write(self.checkout.stack_file)
        return state

    def _choose_emulator_port(self, say: Say, wanted: int | None) -> int:
        """Choose the port of the last run, because the stored addresses of queues contain it.

        On another port the emulator starts without data, and the messages in its queues are lost.
        """
        remembered = self.checkout.emulator_state / "port"
        last = int(remembered.read_text()) if remembered.exists() else None
        port = choose(wanted, last or EMULATOR_PORT)
        if last not in {None, port}:
            say(f"port {last} is in use: the emulator starts on another port, with empty queues")
            shutil.rmtree(self.checkout.emulator_state)
        remembered.parent.mkdir(parents=True, exist_ok=True)
        remembered.write_text(str(port))
        return port

    def _state(self, outputs: Mapping[str, str], endpoint: str, emulator_port: int, postgres_port: int) -> StackState:
        postgres_pid, emulator_pid = self.postgres.pid, self.emulator.pid
        if postgres_pid is None or emulator_pid is None:
            raise WorkbenchError(f"A process of the stack ended at once. See {self.checkout.logs}.")
        return StackState(
            http_url=f"{endpoint}/_aws/execute-api/{outputs['ApiId']}/$default",
            ws_url=f"ws://{LOOPBACK}:{emulator_port}/_aws/execute-api/{outputs['SocketApiId']}/{SOCKET_STAGE}",
            dsn=self.postgres.conninfo(postgres_port),
            postgres_port=postgres_port,
            emulator_port=emulator_port,
            aws_endpoint_url=endpoint,
            aws_region=REGION,
            jwt_secret_arn=outputs.get("JwtSecretArn", ""),
            jwt_issuer=JWT_ISSUER,
            jwt_audience=JWT_AUDIENCE,
            queues={
                "spool": outputs["SpoolQueueUrl"],
                "spool_dead_letter": outputs["SpoolDeadLetterQueueUrl"],
                "analytics": outputs["AnalyticsQueueUrl"],
                "analytics_dead_letter": outputs["AnalyticsDeadLetterQueueUrl"],
                "operations": outputs["OperationsQueueUrl"],
                "operations_dead_letter": outputs["OperationsDeadLetterQueueUrl"],
                "rollup": outputs["RollupQueueUrl"],
                "rollup_dead_letter": outputs["RollupDeadLetterQueueUrl"],
                "signal": outputs["SignalQueueUrl"],
                "push": outputs["PushQueueUrl"],
            },
            buckets={"archive": outputs["ArchiveBucketName"]},
            pids=Pids(postgres=postgres_pid, emulator=emulator_pid),
        )

    def running(self) -> StackState | None:
        """Return the state of a stack if all its parts are up, else None."""
        try:
            state = read_state(self.checkout)
        except (WorkbenchError, ValueError):
            return None
        # PostgreSQL may have been restarted on its own: it has the same data and port.
        alive = self.postgres.pid is not None and self.emulator.pid == state.pids.emulator
        whole = alive and answers(state.emulator_port)
        return state if whole else None

    def down(self, say: Say) -> None:
        """Stop everything; data stays in .rollcall/."""
        with self._alone(say):
            self._clean_up(say)

    def reset(self, say: Say) -> None:
        """Stop everything and remove its data."""
        with self._alone(say):
            self._clean_up(say)
            shutil.rmtree(self.checkout.home, ignore_errors=True)
            say("All local data is deleted.")

    def _clean_up(self, say: Say) -> None:
        """Stop all processes of a stack, also those left behind by a killed one."""
        if self.emulator.pid is not None:
            say("stopping the emulator")
            self.emulator.stop()
        self._stop_orphans(say)
        if self.postgres.pid is not None:
            say("stopping PostgreSQL")
            self.postgres.stop()
        self.checkout.stack_file.unlink(missing_ok=True)

    def _stop_orphans(self, say: Say) -> None:
        """Stop function workers that outlived a killed emulator. Their command line names its scratch folder."""
        scratch = str(self.checkout.emulator_state / "scratch")
        # psutil caches processes by PID, and the system may reuse a PID.
        psutil.process_iter.cache_clear()
        for process in psutil.process_iter(["cmdline"]):
            if any(part.startswith(scratch) for part in process.info["cmdline"] or []):
                say(f"stopping a function left behind (process {process.pid})")
                with suppress(psutil.NoSuchProcess):
                    process.kill()
        shutil.rmtree(scratch, ignore_errors=True)

    def _alone(self, say: Say) -> AbstractContextManager[None]:
        """Let one command at a time start or stop the stack. Another command waits for a while."""
        return _locked(self.checkout.home / "lock", say, LOCK_WAIT_SECONDS)


@contextmanager
def _locked(path: Path, say: Say, seconds: float) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_CREAT | os.O_RDWR, 0o600)) as lock:
        deadline = time.monotonic() + seconds
        while not _try_lock(lock):
            if time.monotonic() > deadline:
                raise WorkbenchError("Another rollcall command is still starting or stopping a stack of this checkout.")
            say("waiting for another rollcall command to finish")
            time.sleep(LOCK_POLL_SECONDS)
        yield


def _try_lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
