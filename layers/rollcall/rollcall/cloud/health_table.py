"""Health and its transitions, in the table beside PostgreSQL."""

from datetime import UTC, datetime, timedelta

from pydantic import ValidationError

from rollcall.cloud.table import Item, Table
from rollcall.contracts.health.health import HealthState, HealthTransition, StoredHealth

SNAPSHOT, CURRENT = "snapshot", "current"
TRANSITION = "transition"
TRANSITIONS_KEPT = timedelta(days=90)


class HealthTable:
    """What is known of how the system is. Each call raises TableUnavailable."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def read(self) -> HealthState | None:
        """Return what was written last, however old it is; None before the first time, and what cannot be read."""
        return self.kept().published

    def kept(self) -> StoredHealth:
        """Return the latest record, with the version that the next write must follow."""
        item = self._table.get(SNAPSHOT, CURRENT)
        if item is None:
            return StoredHealth()
        try:
            return StoredHealth(version=item.version, published=HealthState.model_validate(item.document))
        except ValidationError:
            # Another release wrote it, with other members: the next measurement replaces it within seconds.
            return StoredHealth(version=item.version)

    def write(self, published: HealthState) -> bool:
        """Write what follows on the version before; return False if another writer was first."""
        document = published.model_dump(mode="json")
        return self._table.put_next(Item(SNAPSHOT, CURRENT, document, version=published.version))

    def note_transition(self, transition: HealthTransition) -> None:
        """Keep a change of status; the same one twice is one."""
        expires_at = int((transition.at + TRANSITIONS_KEPT).timestamp())
        document = transition.model_dump(mode="json")
        self._table.put(Item(TRANSITION, _id_of(transition.at), document, expires_at))

    def transitions(self, limit: int, before: datetime | None = None) -> list[HealthTransition]:
        """Return the latest changes of status, or the latest ones before a moment, newest first."""
        after = None if before is None else _id_of(before)
        page = self._table.page(TRANSITION, limit, after, newest_first=True)
        return [HealthTransition.model_validate(item.document) for item in page.items]


def _id_of(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
