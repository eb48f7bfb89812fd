"""Figures: the measured values of all rounds, and their targets."""

from dataclasses import dataclass, field
from statistics import median
from typing import Any, Literal

Better = Literal["higher", "lower"]


@dataclass(frozen=True)
class Target:
    """The minimum for a figure's median (`higher` is better), or the maximum (`lower`)."""

    better: Better
    bound: float

    def is_met_by(self, value: float) -> bool:
        """Return whether this value meets the target."""
        return value >= self.bound if self.better == "higher" else value <= self.bound

    def __str__(self) -> str:
        return f"{'≥' if self.better == 'higher' else '≤'} {format_number(self.bound)}"


@dataclass(frozen=True)
class Figure:
    """One measure, with a value for each round."""

    section: str
    name: str
    unit: str
    values: list[float]
    target: Target | None = None
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def median(self) -> float:
        """The median of the rounds."""
        return median(self.values)

    @property
    def is_met(self) -> bool | None:
        """Whether the target is met; None without one."""
        return self.target.is_met_by(self.median) if self.target else None

    def as_json(self) -> dict[str, Any]:
        """Return the figure for the JSON report."""
        return {
            "section": self.section,
            "name": self.name,
            "unit": self.unit,
            "median": self.median,
            "min": min(self.values),
            "max": max(self.values),
            "rounds": self.values,
            "target": str(self.target) if self.target else None,
            "met": self.is_met,
            **({"detail": self.detail} if self.detail else {}),
        }


def format_number(value: float) -> str:
    """Return a number for people: with three significant digits."""
    if abs(value) >= 100:  # noqa: PLR2004
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"  # noqa: PLR2004


def percentile(values: list[float], percent: float) -> float:
    """Return the percentile of the values (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]
