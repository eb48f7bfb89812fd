"""Figures without their noise: what moves within the last digits is no news."""

import math
from collections.abc import Sequence

SIGNIFICANT_DIGITS = 2
STEP = 5


def significant(value: float | None, digits: int = SIGNIFICANT_DIGITS) -> float | None:
    """Return a figure with so many significant digits; None stays None."""
    if value is None or value == 0:
        return value
    return round(value, digits - 1 - math.floor(math.log10(abs(value))))


def whole_ms(value: float | None) -> float | None:
    """Return milliseconds in whole ones, with two significant digits, from 1 on: less says nothing of a database."""
    return None if value is None else significant(float(max(1, math.ceil(value))))


def in_steps(count: int, step: int = STEP) -> int:
    """Return a count in steps, rounded up: what comes and goes all the time."""
    return math.ceil(count / step) * step


def percentile(values: Sequence[float], fraction: float) -> float | None:
    """Return the value that this fraction of the values does not exceed (nearest rank); None without any."""
    if not values:
        return None
    return sorted(values)[max(0, math.ceil(fraction * len(values)) - 1)]
