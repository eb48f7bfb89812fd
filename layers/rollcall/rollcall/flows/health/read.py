"""Read health: what was kept last, looked up once a second at most; measured here where nobody seems to watch."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from rollcall.contracts.health.health import OrganisationHealth, Published
from rollcall.domain.health.status import STALE, is_stale
from rollcall.errors import RollcallError, TableUnavailable
from rollcall.flows.health.compose import ComposeHealth
from rollcall.flows.health.measure import MeasureHealth

KEPT_SECONDS = 1.0
# A look of one's own costs more than reading one: however many ask, there is one in so long.
OWN_LOOK_SECONDS = 5.0
ASKED_MAX = 100


class HealthTable(Protocol):
    """Keeps health; raises TableUnavailable."""

    def read(self) -> Published | None:
        """Return what was written last."""


@dataclass
class ReadHealth:
    """The flow, with the IO it was given. `monotonic` is in seconds; `report` hears of what failed.

    After `stale_after` whoever watches is taken for silent.
    """

    table: HealthTable
    measure: MeasureHealth
    composing: ComposeHealth
    report: Callable[[RollcallError], object]
    stale_after: timedelta
    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    _current: Published | None = None
    _read_at: float = -math.inf
    _own: Published | None = None
    _own_at: float = -math.inf
    _organisations: dict[frozenset[UUID], tuple[float, dict[UUID, OrganisationHealth]]] = field(default_factory=dict)

    def current(self) -> Published:
        """Return how it stands. Never raises because something is away."""
        if self._current is None or self.monotonic() - self._read_at >= KEPT_SECONDS:
            self._current = self._read()
            self._read_at = self.monotonic()
        return self._current

    def organisations(self, org_ids: Sequence[UUID]) -> dict[UUID, OrganisationHealth]:
        """Return how these organisations' events do; nothing while the database is away."""
        if not self.current().health.database.is_reachable:
            return {}
        key, now = frozenset(org_ids), self.monotonic()
        found = self._organisations.get(key)
        if found is None or now - found[0] >= KEPT_SECONDS:
            if len(self._organisations) >= ASKED_MAX:
                self._organisations.clear()
            found = self._organisations[key] = (now, self.measure.look_at(sorted(org_ids)))
        return found[1]

    def _read(self) -> Published:
        kept: Published | None = None
        try:
            kept = self.table.read()
        except TableUnavailable as fault:
            self.report(fault)
        if kept is not None and not is_stale(kept, self.now(), self.stale_after):
            return kept
        return self._look(kept)

    def _look(self, kept: Published | None) -> Published:
        """Measure without keeping it. Whoever kept health and fell silent is told of among the reasons."""
        if self._own is None or self.monotonic() - self._own_at >= OWN_LOOK_SECONDS:
            before = kept or self._own
            own = self.composing.compose(before, self.measure.look(()))
            reasons = [*own.health.reasons, *([STALE] if kept else [])]
            # What nobody keeps moves no sequence.
            sequence = before.health.sequence if before else 0
            shown = own.health.model_copy(update={"reasons": reasons, "sequence": sequence})
            own = own.model_copy(update={"health": shown})
            self._own, self._own_at = own, self.monotonic()
        return self._own
