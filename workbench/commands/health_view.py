"""A client's view of health: a health state from the WebSocket API, and the changes since."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from rollcall.domain.health.merge_patch import apply

Message = Mapping[str, Any]
Verdict = Literal["changed", "same", "gap"]


@dataclass
class HealthView:
    """The health state, and organisations by id, at a sequence; None before the first state."""

    sequence: int | None = None
    health: dict[str, Any] = field(default_factory=dict)
    organisations: dict[str, Any] = field(default_factory=dict)

    def take(self, message: Message) -> Verdict:
        """Apply a message, and return its kind. After a gap the client has to subscribe again."""
        match message["type"]:
            case "health.snapshot":
                self.sequence = message["sequence"]
                self.health, self.organisations = dict(message.get("health") or {}), dict(message["organisations"])
                return "changed"
            case "health.delta":
                return self._patch(message)
            case "heartbeat" if self.sequence is None or message["sequence"] > self.sequence:
                return "gap"
            case _:
                return "same"

    def _patch(self, message: Message) -> Verdict:
        if self.sequence is None:
            return "gap"
        if message["sequence"] <= self.sequence:
            return "same"  # a newer state arrived before it
        if message["previous"] != self.sequence:
            return "gap"
        self.sequence = message["sequence"]
        self.health = apply(self.health, message["patch"])
        self.organisations = apply(self.organisations, message.get("organisations") or {})
        return "changed"


def differences(before: Any, after: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield the differences of two JSON documents: the path, as names joined by dots, and both values."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in [*before, *(name for name in after if name not in before)]:
            yield from differences(before.get(name), after.get(name), f"{path}.{name}" if path else name)
    elif before != after:
        yield path, before, after
