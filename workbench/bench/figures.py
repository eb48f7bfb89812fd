"""What was measured, over all rounds, and whether it is what we want."""

from dataclasses import dataclass, field
from statistics import median
from typing import Any, Literal

Better = Literal["higher", "lower"]


@dataclass(frozen=True)
class Target:
    """What a figure's median should be at least (`higher` is better) or at most (`lower`)."""

    better: Better
    bound: float

    def is_met_by(self, value: float) -> bool:
        """Tell whether this value is good enough."""
        return value >= self.bound if self.better == "higher" else value <= self.bound

    def __str__(self) -> str:
        return f"{'≥' if self.better == 'higher' else '≤'} {format_number(self.bound)}"


@dataclass(frozen=True)
class Figure:
    """One thing that was measured, once a round."""

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
        """Return it for the JSON report."""
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
    """Return a number as people read it: three digits that say something."""
    if abs(value) >= 100:  # noqa: PLR2004
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"  # noqa: PLR2004


def percentile(values: list[float], percent: float) -> float:
    """Return the value below which so many of the values lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]
