"""Worker processes: start them, wait until all are ready, run them at one moment, collect results."""

import multiprocessing
import sys
import time
import traceback
import types
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from unittest import mock

from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

HEAD_START_SECONDS = 0.05
_context = multiprocessing.get_context("spawn")


class Task(Protocol):
    """The task of a process. It is pickled and sent there."""

    def prepare(self, turns: "Turns") -> Callable[[float], Any]:
        """Prepare, and return the function to run from the common start, a monotonic time."""


class Turns:
    """Hands out 0, 1, 2 ... to the processes: a free process takes the next number."""

    def __init__(self) -> None:
        self._next = _context.Value("q", 0)

    def take(self) -> int:
        """Take the next number."""
        with self._next.get_lock():
            number = self._next.value
            self._next.value = number + 1
        return int(number)


@dataclass(frozen=True)
class Work:
    """The result of one process, and its processor time."""

    answer: Any
    cpu_seconds: float


@dataclass(frozen=True)
class WorkerProcesses:
    """Processes that are ready."""

    pipes: Sequence["Connection[Any, Any]"]

    def go(self) -> list[Work]:
        """Start the work of all processes at one moment, and wait for their results."""
        starts_at = time.monotonic() + HEAD_START_SECONDS
        for pipe in self.pipes:
            pipe.send(starts_at)
        return [_hear(pipe) for pipe in self.pipes]


@contextmanager
def worker_processes_of(tasks: Sequence[Task]) -> Iterator[WorkerProcesses]:
    """Start a process for each task, and wait until all are ready. End them with the block."""
    turns, pipes, processes = Turns(), [], []
    try:
        for task in tasks:
            ours, theirs = _context.Pipe()
            process = _context.Process(target=_serve, args=(task, turns, theirs), daemon=True)
            with _bare_main():
                process.start()
            theirs.close()
            pipes.append(ours)
            processes.append(process)
        for pipe in pipes:
            _hear(pipe)
        yield WorkerProcesses(pipes)
    finally:
        for pipe in pipes:
            pipe.close()
        for process in processes:
            process.join(5)
            process.kill()


@contextmanager
def _bare_main() -> Iterator[None]:
    """Keep the command's imports out of the processes: they import only what their task needs."""
    with mock.patch.dict(sys.modules, {"__main__": types.ModuleType("__main__")}):
        yield


def _serve(task: Task, turns: Turns, pipe: "Connection[Any, Any]") -> None:
    try:
        act = task.prepare(turns)
        pipe.send(None)
        starts_at = pipe.recv()
        cpu_before = time.process_time()
        answer = act(starts_at)
        pipe.send(Work(answer, time.process_time() - cpu_before))
        pipe.recv()  # keep connections open until all results are collected
    except EOFError:
        return
    except Exception:  # noqa: BLE001 - the bench reports any fault
        pipe.send(WorkbenchError(traceback.format_exc()))


def _hear(pipe: "Connection[Any, Any]") -> Any:
    try:
        said = pipe.recv()
    except EOFError:
        raise WorkbenchError("A process of the bench ended without a result.") from None
    if isinstance(said, WorkbenchError):
        raise said
    return said
