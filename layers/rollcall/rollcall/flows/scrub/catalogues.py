"""Catalogues: the ids that an organisation allows, read from the database and cached for a while."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from rollcall.errors import StoreUnavailable

KEEP_SECONDS = 60
# While the database is away, a cached catalogue stays valid for so long, and is not asked for at each request.
STALE_SECONDS = 3_600
ASK_AGAIN_SECONDS = 10
ORGANISATIONS_MAX = 1_024
EMPTY: frozenset[str] = frozenset()


@dataclass
class _Kept:
    ids: frozenset[str] | None
    read_at: float
    ask_at: float


@dataclass(frozen=True)
class Catalogues:
    """Catalogues by organisation, with their IO. `monotonic` is in seconds."""

    read: Callable[[UUID], Sequence[str]]
    monotonic: Callable[[], float]
    _kept: dict[UUID, _Kept] = field(default_factory=dict)

    def known_of(self, org_id: UUID) -> frozenset[str]:
        """Return an organisation's ids; raises StoreUnavailable when they cannot be read."""
        ids = self._read(org_id)
        if ids is None:
            raise StoreUnavailable
        return ids

    def ids_of(self, org_id: UUID, *, at_once: bool = False) -> frozenset[str]:
        """Return an organisation's ids, or none while they cannot be read: scrubbing then removes more.

        With `at_once` the ids are read now, not taken from the cache.
        """
        return self._read(org_id, at_once=at_once) or EMPTY

    def _read(self, org_id: UUID, *, at_once: bool = False) -> frozenset[str] | None:
        kept, now = self._kept.get(org_id), self.monotonic()
        if kept and now < kept.ask_at and not at_once:
            return kept.ids
        try:
            ids: frozenset[str] | None = frozenset(self.read(org_id))
            read_at, ask_at = now, now + KEEP_SECONDS
        except StoreUnavailable:
            is_good = kept is not None and now - kept.read_at < STALE_SECONDS
            ids, read_at, ask_at = (kept.ids if kept and is_good else None), kept.read_at if kept else now, now
            ask_at += ASK_AGAIN_SECONDS
        if org_id not in self._kept and len(self._kept) >= ORGANISATIONS_MAX:
            del self._kept[next(iter(self._kept))]
        self._kept[org_id] = _Kept(ids, read_at, ask_at)
        return ids
