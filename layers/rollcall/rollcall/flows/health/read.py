"""Read health: the stored state, read at most once a second. If it is stale, measure here."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from rollcall.contracts.health.health import HealthState, OrganisationHealth
from rollcall.domain.health.status import STALE, is_stale
from rollcall.errors import RollcallError, TableUnavailable
from rollcall.flows.health.compose import ComposeHealth
from rollcall.flows.health.measure import MeasureHealth

KEPT_SECONDS = 1.0
# Measuring here costs more than reading, so it is done at most once in so many seconds.
OWN_LOOK_SECONDS = 5.0
ASKED_MAX = 100


class HealthTable(Protocol):
    """The table of health; raises TableUnavailable."""

    def read(self) -> HealthState | None:
        """Return the latest state."""


@dataclass
class ReadHealth:
    """The flow, with its IO. `monotonic` is in seconds; `report` is called with each fault.

    A stored state that is older than `stale_after` is not used.
    """

    table: HealthTable
    measure: MeasureHealth
    composing: ComposeHealth
    report: Callable[[RollcallError], object]
    stale_after: timedelta
    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    _current: HealthState | None = None
    _read_at: float = -math.inf
    _own: HealthState | None = None
    _own_at: float = -math.inf
    _organisations: dict[frozenset[UUID], tuple[float, dict[UUID, OrganisationHealth]]] = field(default_factory=dict)

    def current(self) -> HealthState:
        """Return the current health state. An outage is part of the state; this never raises."""
        if self._current is None or self.monotonic() - self._read_at >= KEPT_SECONDS:
            self._current = self._read()
            self._read_at = self.monotonic()
        return self._current

    def organisations(self, org_ids: Sequence[UUID]) -> dict[UUID, OrganisationHealth]:
        """Return the health of these organisations' events, or nothing while the database is away."""
        if not self.current().health.database.is_reachable:
            return {}
        key, now = frozenset(org_ids), self.monotonic()
        found = self._organisations.get(key)
        if found is None or now - found[0] >= KEPT_SECONDS:
            if len(self._organisations) >= ASKED_MAX:
                self._organisations.clear()
            found = self._organisations[key] = (now, self.measure.look_at(sorted(org_ids)))
        return found[1]

    def _read(self) -> HealthState:
        kept: HealthState | None = None
        try:
            kept = self.table.read()
        except TableUnavailable as fault:
            self.report(fault)
        if kept is not None and not is_stale(kept, self.now(), self.stale_after):
            return kept
        return self._look(kept)

    def _look(self, kept: HealthState | None) -> HealthState:
        """Measure without storing. If a stored state is stale, the reasons say so."""
        if self._own is None or self.monotonic() - self._own_at >= OWN_LOOK_SECONDS:
            before = kept or self._own
            own = self.composing.compose(before, self.measure.look(()))
            reasons = [*own.health.reasons, *([STALE] if kept else [])]
            # A state that is not stored does not move the sequence.
            sequence = before.health.sequence if before else 0
            shown = own.health.model_copy(update={"reasons": reasons, "sequence": sequence})
            own = own.model_copy(update={"health": shown})
            self._own, self._own_at = own, self.monotonic()
        return self._own
