"""Calls the procedures of the daily partitions."""

from datetime import date

from rollcall.store.connection import Database


class PartitionStore:
    """Makes partitions ahead of time, and finds missing ones."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def make_partitions(self, first: date, last: date) -> int:
        """Make the partitions of these days, both included, and return how many were missing."""
        (made,) = self._database.call("make_partitions_v1", p_from=first, p_until=last)
        return int(made)

    def settle_default_partitions(self) -> int:
        """Move rows of the default partitions to partitions of their days, and return the number of partitions made."""
        (made,) = self._database.call("settle_default_partitions_v1")
        return int(made)

    def default_partition_bytes(self) -> int:
        """Return the size of the default partitions in bytes: anything but 0 is an alarm."""
        (size_bytes,) = self._database.call("default_partition_bytes_v1")
        return int(size_bytes)
