"""One run of retention in its own process, so that its memory can be measured. Prints JSON."""

import json
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from rollcall.contracts.retention.snapshot import DayOfTable
from rollcall.domain.keyring import Keyring
from rollcall.flows.retention.expire_days import ExpireDays
from rollcall.flows.retention.snapshot_files import read_lines
from rollcall.flows.retention.snapshot_manifest import Manifests
from rollcall.store.connection import Database, DatabaseAddress
from rollcall.store.retention.snapshots import SnapshotStore

from workbench.stack.ports import LOOPBACK
from workbench.stack.postgres import DATABASE

CHUNK_BYTES = 262_144
KEYRING = Keyring("k1", {"k1": "bench" * 12})
ANSWER_SECONDS = 300


@dataclass
class Folder:
    """Objects as files: the time of S3 is not measured."""

    root: Path

    def put(self, key: str, body: bytes) -> None:
        """Store an object."""
        path = self.root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)

    def stream(self, key: str) -> Iterator[bytes]:
        """Yield an object's bytes."""
        with (self.root / key).open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk

    def keys_after(self, prefix: str, start_after: str, limit: int) -> list[str]:
        """Return the next keys below a prefix, in order."""
        found = (str(path.relative_to(self.root)) for path in (self.root / prefix).rglob("*") if path.is_file())
        return sorted(key for key in found if key > start_after)[:limit]

    def delete(self, keys: Sequence[str]) -> None:
        """Delete objects."""
        for key in keys:
            (self.root / key).unlink(missing_ok=True)


def main() -> None:
    """Drop every progress day before a day. Arguments: port, password, folder, day."""
    port, password, root, day = sys.argv[1:]
    address = DatabaseAddress(LOOPBACK, int(port), DATABASE, "disable", lambda: ("rollcall_ops", password))
    store, objects = SnapshotStore(Database(address, ANSWER_SECONDS)), Folder(Path(root))
    now = datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC) + timedelta(days=2)
    manifests = Manifests(store, objects, lambda: KEYRING)
    retain = ExpireDays(
        store, objects, manifests, {"progress_events": timedelta(days=1)}, timedelta(days=365), lambda: now
    )
    before_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    started_at = time.monotonic()
    result = retain.run(lambda: 3600)
    seconds = time.monotonic() - started_at
    document = {
        "days": result.days,
        "rows": result.rows,
        "object_bytes": result.size_bytes,
        "content_bytes": _content_bytes(store, objects, date.fromisoformat(day)),
        "seconds": seconds,
        "memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "memory_before_bytes": before_bytes,
        "stopped": result.stopped,
        "waiting": result.waiting,
    }
    sys.stdout.write(json.dumps(document))


def _content_bytes(store: SnapshotStore, objects: Folder, before: date) -> int:
    """Return the size of the lines that were written for the day before."""
    named = DayOfTable(table_name="progress_events", day=before - timedelta(days=1))
    day = store.read_day(named)
    return sum(len(line) + 1 for file in (day.files if day else []) for line in read_lines(file, objects))


if __name__ == "__main__":
    main()
