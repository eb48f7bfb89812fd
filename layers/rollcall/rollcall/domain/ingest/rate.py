"""How many batches a caller may send."""

from dataclasses import dataclass

from rollcall.contracts.health.advice import Advice


@dataclass(frozen=True)
class RateLimit:
    """Batches per second on average, and how many at once after a pause."""

    per_second: float
    burst: int


@dataclass(frozen=True)
class RateState:
    """A caller's allowance after a batch: whole batches left, and milliseconds until it is full again."""

    remaining: int
    reset_ms: int


@dataclass(frozen=True)
class RateAnswer:
    """The answer of the limiter: the allowance, where it was asked, and the time to wait; 0 if the batch may pass.

    `advice` is what clients should keep to, read in the same round trip; None when there is none.
    """

    rate: RateState | None
    retry_after_ms: int = 0
    advice: Advice | None = None
