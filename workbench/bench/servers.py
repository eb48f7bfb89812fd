"""HTTP servers for the comparison: Rollcall and Express, with several processes each."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from workbench.bench.database import BenchDatabase
from workbench.errors import WorkbenchError

SOURCES = Path(__file__).parent / "node"


def node_is_here() -> bool:
    """Return whether Express can be measured on this machine."""
    return bool(shutil.which("node") and shutil.which("npm"))


@contextmanager
def rollcall_servers(database: BenchDatabase, count: int) -> Iterator[list[int]]:
    """Serve the progress function from so many processes, and yield their ports."""
    command = [sys.executable, "-m", "workbench.bench.web_server"]
    with _processes(command, database.function_environment, count) as ports:
        yield ports


@contextmanager
def express_servers(database: BenchDatabase, home: Path, count: int) -> Iterator[list[int]]:
    """Install Express if it is missing, serve from so many processes, and yield their ports."""
    folder = home / "node"
    _install(folder)
    variables = {"NODE_ENV": "production", "PORT": "0", "DATABASE_URL": database.app_url}
    with _processes(["node", str(folder / "server.js")], variables, count) as ports:
        yield ports


def _install(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for source in SOURCES.iterdir():
        shutil.copy(source, folder)
    if (folder / "node_modules" / "express").is_dir() and (folder / "node_modules" / "pg").is_dir():
        return
    done = subprocess.run(
        ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--silent"],
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise WorkbenchError(f"npm install failed in {folder}:\n{done.stderr[-400:]}")


@contextmanager
def _processes(command: Sequence[str], variables: Mapping[str, str], count: int) -> Iterator[list[int]]:
    environment = {**os.environ, **variables}
    processes = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(count)]
    try:
        yield [_port_of(process) for process in processes]
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(10)


def _port_of(process: subprocess.Popen[str]) -> int:
    line = process.stdout.readline() if process.stdout else ""
    if not line.strip().isdigit():
        raise WorkbenchError(f"{process.args!r} did not print its port.")
    return int(line)
