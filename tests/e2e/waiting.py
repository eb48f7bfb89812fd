"""Waiting for a condition, with a deadline."""

import time
from collections.abc import Callable

PAUSE_SECONDS = 0.05


def await_until(condition: Callable[[], bool], what: str, seconds: float = 30) -> None:
    """Return as soon as the condition holds; fails, naming what was awaited, when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"Not within {seconds} seconds: {what}.")
        time.sleep(PAUSE_SECONDS)
