"""Files of snapshots: JSON lines, compressed with gzip, and verified when they are read.

A file has at most ROWS_MAX rows and about BYTES_MAX bytes. So any file fits in memory, is stored by one PUT, and
takes seconds to write, verify, restore or rewrite.
"""

import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, Protocol
from uuid import UUID

from rollcall.contracts.retention.snapshot import DayOfTable, Key, Page, RemainingRows, SnapshotFile, WrittenFile
from rollcall.domain.retention.snapshot import file_key, read_row, write_row
from rollcall.errors import ObjectMissing, SnapshotDamaged

ROWS_MAX = 100_000
BYTES_MAX = 64 * 1024 * 1024
PAGE_ROWS = 5_000
PAGE_BYTES = 4 * 1024 * 1024
GZIP = 16 + zlib.MAX_WBITS
# Three quarters of the size of level 1, at two thirds of its speed. Higher levels gain little.
LEVEL = 5
UNPACKED_BYTES = 1024 * 1024  # read in one call

ReadPage = Callable[[UUID, DayOfTable, Key | None, int, int], Page]


class Objects(Protocol):
    """The archive; raises ObjectsUnavailable."""

    def put(self, key: str, body: bytes) -> None:
        """Store an object."""

    def stream(self, key: str) -> Iterator[bytes]:
        """Yield an object's bytes; raises ObjectMissing."""

    def keys_after(self, prefix: str, start_after: str, limit: int) -> list[str]:
        """Return the next keys below a prefix, in order."""

    def delete(self, keys: list[str]) -> None:
        """Delete objects."""


@dataclass
class Packing:
    """A file that is being written: it compresses and hashes the lines that are added."""

    row_count: int = 0
    content_bytes: int = 0
    _body: bytearray = field(default_factory=bytearray)
    _content: Any = field(default_factory=sha256)
    _gzip: Any = field(default_factory=lambda: zlib.compressobj(LEVEL, zlib.DEFLATED, GZIP))

    def add(self, lines: bytes, row_count: int) -> None:
        """Add lines, each with its end."""
        self.row_count += row_count
        self.content_bytes += len(lines)
        self._content.update(lines)
        self._body += self._gzip.compress(lines)

    def finish(self) -> tuple[bytes, str]:
        """Return the object, and the SHA-256 of its uncompressed content."""
        self._body += self._gzip.flush()
        return bytes(self._body), self._content.hexdigest()


def write_part(
    day: DayOfTable, unwritten: RemainingRows, read_page: ReadPage, objects: Objects, expires_at: datetime
) -> WrittenFile | None:
    """Write the next part of an organisation's rows; return the written file, or None when no row was left.

    Raises StoreUnavailable, ObjectsUnavailable.
    """
    packing, row_hash, page, after = Packing(), 0, None, unwritten.after
    while page is None or not (page.is_last or _is_full(packing)):
        page = read_page(unwritten.org_id, day, after, min(PAGE_ROWS, ROWS_MAX - packing.row_count), PAGE_BYTES)
        packing.add(page.lines, page.row_count)
        row_hash += page.row_hash
        after = page.last_key or after
    if not packing.row_count:
        return None
    written = _put(day, unwritten.org_id, unwritten.part, 1, packing, objects)
    position = {"row_hash": str(row_hash), "last_key": after, "is_last": page.is_last, "expires_at": expires_at}
    return written.model_copy(update=position)


def _is_full(packing: Packing) -> bool:
    return packing.row_count >= ROWS_MAX or packing.content_bytes >= BYTES_MAX


def _put(day: DayOfTable, org_id: UUID, part: int, revision: int, packing: Packing, objects: Objects) -> WrittenFile:
    body, content_digest = packing.finish()
    key = file_key(day, org_id, part, revision)
    objects.put(key, body)
    return WrittenFile(
        org_id=org_id,
        part=part,
        object_key=key,
        row_count=packing.row_count,
        size_bytes=len(body),
        object_digest=sha256(body).hexdigest(),
        content_digest=content_digest,
    )


def rewrite_part(
    file: SnapshotFile, revise: Callable[[Mapping[str, Any]], Mapping[str, Any] | None], objects: Objects
) -> tuple[WrittenFile | None, int, int]:
    """Write a file's next revision: `revise` returns each row's new form, or None to remove the row.

    Returns the written file (None: no row is left, or no row changed), and how many rows were removed and
    changed. Numbers with a decimal point are Decimal. Raises SnapshotDamaged, ObjectsUnavailable.
    """
    packing, removed, changed = Packing(), 0, 0
    for line in read_lines(file, objects):
        row = read_row(line)
        revised = revise(row)
        if revised is None:
            removed += 1
        elif revised == row:
            packing.add(line + b"\n", 1)
        else:
            packing.add(write_row(revised).encode() + b"\n", 1)
            changed += 1
    if not (removed or changed) or not packing.row_count:
        return None, removed, changed
    return _put(file, file.org_id, file.part, file.revision + 1, packing, objects), removed, changed


def read_rows(file: SnapshotFile, objects: Objects) -> Iterator[dict[str, Any]]:
    """Yield a file's rows; see read_lines for what it raises."""
    for line in read_lines(file, objects):
        yield json.loads(line)


def read_lines(file: SnapshotFile, objects: Objects) -> Iterator[bytes]:
    """Yield a file's lines without line ends, and after the last line verify the object's digests.

    A caller that must not use a damaged file reads all lines first. Raises SnapshotDamaged, ObjectsUnavailable.
    """
    content, rows, rest = sha256(), 0, b""
    for unpacked in _unpack(_checked(file, objects)):
        content.update(unpacked)
        *lines, rest = (rest + unpacked).split(b"\n")
        rows += len(lines)
        yield from lines
    if rest or content.hexdigest() != file.content_digest:
        raise SnapshotDamaged("The content of a snapshot's object does not match its digest.")
    if rows != file.row_count:
        raise SnapshotDamaged("The number of rows in a snapshot's object is wrong.")


def verify_file(file: SnapshotFile, objects: Objects) -> None:
    """Read a whole file from the archive and verify it; raises SnapshotDamaged, ObjectsUnavailable."""
    for _ in read_lines(file, objects):
        pass


def _checked(file: SnapshotFile, objects: Objects) -> Iterator[bytes]:
    """Yield an object's bytes, and verify their digest at the end."""
    received, size_bytes = sha256(), 0
    try:
        for chunk in objects.stream(file.object_key):
            received.update(chunk)
            size_bytes += len(chunk)
            if size_bytes > file.size_bytes:
                break
            yield chunk
    except ObjectMissing:
        raise SnapshotDamaged("An object of a snapshot is missing.") from None
    if size_bytes != file.size_bytes or received.hexdigest() != file.object_digest:
        raise SnapshotDamaged("The bytes of a snapshot's object do not match their digest.")


def _unpack(chunks: Iterable[bytes]) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(GZIP)
    try:
        for chunk in chunks:
            # A little at a time: an object that was replaced may unpack to any size.
            yield unpacker.decompress(chunk, UNPACKED_BYTES)
            while unpacker.unconsumed_tail:
                yield unpacker.decompress(unpacker.unconsumed_tail, UNPACKED_BYTES)
    except zlib.error:
        raise SnapshotDamaged("An object of a snapshot cannot be unpacked.") from None
    if not unpacker.eof or unpacker.unused_data:
        raise SnapshotDamaged("A snapshot's object is too short or too long.")
