"""A bucket in memory, with the faults that a real one may have."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from rollcall.errors import ObjectMissing

CHUNK_BYTES = 1000


def whole(_key: str, body: bytes) -> bytes:
    """Keep what was put, as it is."""
    return body


@dataclass
class Bucket:
    """Objects by key. `spoil` is what becomes of an object's bytes when they are put (None: they are lost)."""

    objects: dict[str, bytes] = field(default_factory=dict)
    spoil: Callable[[str, bytes], bytes | None] = whole

    def put(self, key: str, body: bytes) -> None:
        """Keep an object."""
        kept = self.spoil(key, body)
        if kept is not None:
            self.objects[key] = kept

    def get(self, key: str) -> bytes:
        """Return an object."""
        try:
            return self.objects[key]
        except KeyError:
            raise ObjectMissing from None

    def stream(self, key: str) -> Iterator[bytes]:
        """Yield an object's bytes."""
        body = self.get(key)
        yield from (body[start : start + CHUNK_BYTES] for start in range(0, len(body), CHUNK_BYTES))

    def keys_after(self, prefix: str, start_after: str = "", limit: int = 1000) -> list[str]:
        """Return the next keys below a prefix, in order."""
        return sorted(key for key in self.objects if key.startswith(prefix) and key > start_after)[:limit]

    def delete(self, keys: Sequence[str]) -> None:
        """Delete objects."""
        for key in keys:
            self.objects.pop(key, None)
