"""Processor time in units of what reading a text costs here and now: other work on the machine slows both alike."""

import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

SIZE = 262_144
SECONDS_MAX = 10.0  # of the clock; what backtracks would take for ever
TRIES = 6
READING = re.compile(r"[a-z]{1,8}+[0-9]|[0-9]{1,8}+[a-z]")
READ = "abcdefghijklmnop -" * (SIZE // 18)


class TookForEver(Exception):
    """Some work was cut off."""


@contextmanager
def cut_off(seconds: float = SECONDS_MAX) -> Iterator[None]:
    """End work that takes longer: patterns ask for signals as they go."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise TookForEver

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def seconds(work: Callable[[], object], refused: tuple[type[Exception], ...] = ()) -> float:
    """Return the processor time of one run; one that was cut off took all of it."""
    began = time.thread_time()
    with suppress(TookForEver, *refused), cut_off():
        work()
    return time.thread_time() - began


def readings(work: Callable[[], object], enough: float, refused: tuple[type[Exception], ...] = ()) -> float:
    """Return how many readings of 256 KB some work takes: the least of several tries, unless one is enough."""
    least = float("inf")
    for _ in range(TRIES):
        took = seconds(work, refused)
        reading = seconds(lambda: READING.search(READ))
        least = min(least, took / reading)
        if least <= enough or took >= SECONDS_MAX:
            return least
    return least
