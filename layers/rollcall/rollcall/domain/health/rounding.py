"""Figures without their noise: what moves within the last digits is no news."""

import math
from collections.abc import Sequence

SIGNIFICANT_DIGITS = 2
STEP = 5
STEADY_MS_MAX = 100


def significant(value: float | None, digits: int = SIGNIFICANT_DIGITS) -> float | None:
    """Return a figure with so many significant digits; None stays None."""
    if value is None or value == 0:
        return value
    return round(value, digits - 1 - math.floor(math.log10(abs(value))))


def steady_ms(value: float | None) -> float | None:
    """Return milliseconds in steps of five, from 100 on with two significant digits: less is a database's noise."""
    if value is None:
        return None
    return float(in_steps(value)) if value <= STEADY_MS_MAX else significant(value)


def in_steps(value: float, step: int = STEP) -> int:
    """Return a figure in steps, rounded up and at least one: of what comes and goes all the time."""
    return max(1, math.ceil(value / step)) * step


def percentile(values: Sequence[float], fraction: float) -> float | None:
    """Return the value that this fraction of the values does not exceed (nearest rank); None without any."""
    if not values:
        return None
    return sorted(values)[max(0, math.ceil(fraction * len(values)) - 1)]
