"""Folders that tests drop when they end: in memory where there is room, because cloning a database writes 700 files."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108
FREE_BYTES_MIN = 4 << 30  # containers often have 64 MB there


def place() -> Path | None:
    """Return where scratch folders lie, or None for the machine's own temporary folder."""
    has_room = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= FREE_BYTES_MIN
    return MEMORY if has_room else None


@contextmanager
def folder(prefix: str) -> Iterator[Path]:
    """Make a folder, and remove it at the end.

    It does not lie in pytest's own temporary folder: each run of pytest closes that to PostgreSQL's system user.
    """
    with tempfile.TemporaryDirectory(prefix=prefix, dir=place()) as made:
        yield Path(made)
