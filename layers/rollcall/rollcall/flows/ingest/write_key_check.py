"""Check a write key: ask the database, and cache its answer for a while."""

from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from rollcall.domain.ingest import write_key
from rollcall.domain.ingest.write_key import PresentedKey
from rollcall.errors import InvalidWriteKey, StoreUnavailable

FRESH_SECONDS = 60  # how long a revoked key may go unnoticed
KNOWN_SECONDS = 3600  # how long a cached key stays valid while the database is away
ASK_AGAIN_SECONDS = 10  # pause between attempts while the database is away, because each attempt takes seconds to fail
REMEMBERED_MAX = 4096

FindWriteKey = Callable[[UUID, bytes], UUID | None]
"""Returns the id of a key by organisation and digest, or None; raises StoreUnavailable."""


@dataclass(frozen=True)
class KeyHolder:
    """The organisation of a valid write key, and the key's id."""

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
        """Return the holder of a key.

        Raises InvalidWriteKey when the key is unknown or revoked, StoreUnavailable when the key cannot be checked.
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
            del self._remembered[next(iter(self._remembered))]  # the key that was checked longest ago
        self._remembered[key] = _Memory(holder, now, now + FRESH_SECONDS)
        return holder
