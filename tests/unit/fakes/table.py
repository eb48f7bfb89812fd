"""A table in memory, in place of DynamoDB's."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from rollcall.cloud.table import Item, Page
from rollcall.errors import TableUnavailable


@dataclass
class MemoryTable:
    """Holds items; raises TableUnavailable while `is_away`."""

    items: dict[tuple[str, str], Item] = field(default_factory=dict)
    is_away: bool = False

    def put(self, item: Item) -> None:
        """Write an item."""
        self._reach()
        self.items[item.kind, item.id] = item

    def put_next(self, item: Item) -> bool:
        """Write an item if the one that is there has the version before."""
        self._reach()
        there = self.items.get((item.kind, item.id))
        if (there.version if there else 0) != item.version - 1:
            return False
        self.items[item.kind, item.id] = item
        return True

    def get(self, kind: str, id: str) -> Item | None:  # noqa: A002 - as the table's
        """Return an item."""
        self._reach()
        return self.items.get((kind, id))

    def take(self, kind: str, id: str) -> Item | None:  # noqa: A002 - as the table's
        """Remove an item and return it."""
        self._reach()
        return self.items.pop((kind, id), None)

    def page(
        self, kind: str, limit: int, after: str | None = None, *, below: str | None = None, newest_first: bool = False
    ) -> Page:
        """Return some items of a kind."""
        self._reach()
        held = (id_ for of, id_ in self.items if of == kind and (below is None or id_ < below))
        ids = sorted(held, reverse=newest_first)
        left = [id_ for id_ in ids if after is None or (id_ < after if newest_first else id_ > after)]
        found = tuple(self.items[kind, id_] for id_ in left[:limit])
        return Page(found, found[-1].id if len(left) > limit else None)

    def all(self, kind: str, page_size: int = 1000) -> Iterator[Item]:
        """Yield every item of a kind."""
        self._reach()
        yield from [item for item in self.items.values() if item.kind == kind]

    def of_kind(self, kind: str) -> list[Item]:
        """Return all items of a kind."""
        return [item for item in self.items.values() if item.kind == kind]

    def _reach(self) -> None:
        if self.is_away:
            raise TableUnavailable
