"""Check a write key: ask the database, and remember what it said for a while."""

from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from rollcall.domain.ingest import write_key
from rollcall.domain.ingest.write_key import PresentedKey
from rollcall.errors import InvalidWriteKey, StoreUnavailable

FRESH_SECONDS = 60  # how long a revoked key may go unnoticed
KNOWN_SECONDS = 3600  # how long a key is good that the database, being away, cannot be asked about
ASK_AGAIN_SECONDS = 10  # a database that is away takes seconds to say so: not at each request
REMEMBERED_MAX = 4096

FindWriteKey = Callable[[UUID, bytes], UUID | None]
"""Returns the id of a key by organisation and digest, or None; raises StoreUnavailable."""


@dataclass(frozen=True)
class KeyHolder:
    """Who sends: the organisation that a valid write key belongs to."""

    org_id: UUID
    write_key_id: UUID


@dataclass
class _Memory:
    holder: KeyHolder
    found_at: float
    ask_at: float


@dataclass(frozen=True)
class WriteKeyCheck:
    """The flow, with the IO it was given. `monotonic` is in seconds."""

    find: FindWriteKey
    monotonic: Callable[[], float]
    _remembered: dict[PresentedKey, _Memory] = field(default_factory=dict)

    def check(self, text: str) -> KeyHolder:
        """Return whose key this is.

        Raises InvalidWriteKey when there is no such key or it was revoked, StoreUnavailable when that cannot be
        told: a key that could not be checked is never called invalid.
        """
        key, now = write_key.read(text), self.monotonic()
        if key is None:
            raise InvalidWriteKey
        memory = self._remembered.get(key)
        if memory is not None and now < memory.ask_at:
            return memory.holder
        try:
            write_key_id = self.find(key.org_id, key.secret_digest)
        except StoreUnavailable:
            if memory is None or now - memory.found_at > KNOWN_SECONDS:
                raise
            memory.ask_at = now + ASK_AGAIN_SECONDS
            return memory.holder
        if write_key_id is None:
            self._remembered.pop(key, None)
            raise InvalidWriteKey
        return self._remember(key, KeyHolder(key.org_id, write_key_id), now)

    def _remember(self, key: PresentedKey, holder: KeyHolder, now: float) -> KeyHolder:
        self._remembered.pop(key, None)
        if len(self._remembered) >= REMEMBERED_MAX:
            del self._remembered[next(iter(self._remembered))]  # the one that was found longest ago
        self._remembered[key] = _Memory(holder, now, now + FRESH_SECONDS)
        return holder
