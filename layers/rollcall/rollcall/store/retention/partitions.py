"""The procedures that look after the daily partitions."""

from datetime import date

from rollcall.store.connection import Database


class PartitionStore:
    """Makes partitions ahead, and watches that none is missing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def make_partitions(self, first: date, last: date) -> int:
        """Make the partitions of these days, both included, and return how many were missing."""
        (made,) = self._database.call("make_partitions_v1", p_from=first, p_until=last)
        return int(made)

    def settle_default_partitions(self) -> int:
        """Give what fell into the default partitions a partition of its day, and return how many were made for it."""
        (made,) = self._database.call("settle_default_partitions_v1")
        return int(made)

    def default_partition_bytes(self) -> int:
        """Return the size of the default partitions in bytes: anything but 0 is an alarm."""
        (size_bytes,) = self._database.call("default_partition_bytes_v1")
        return int(size_bytes)
