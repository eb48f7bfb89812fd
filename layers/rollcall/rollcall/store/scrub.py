"""Calls the procedures of course catalogues."""

from collections.abc import Sequence
from uuid import UUID

from rollcall.contracts.scrub.catalogue import CHANGES, IDS, CatalogueChange
from rollcall.store.procedures import Procedures


class CatalogueStore:
    """Reads catalogues (app and ops role), sets them and lists their changes (ops role). Raises StoreUnavailable."""

    def __init__(self, database: Procedures) -> None:
        self._database = database

    def read_catalogue(self, org_id: UUID) -> list[str]:
        """Return the ids in an organisation's catalogue, in order."""
        (ids,) = self._database.call("read_catalogue_v1", p_org_id=org_id)
        return IDS.validate_python(ids)

    def set_catalogue(self, org_id: UUID, ids: Sequence[str], changed_by: str, reason: str | None) -> None:
        """Make these ids an organisation's catalogue, and note the requester."""
        self._database.call(
            "set_catalogue_v1", p_org_id=org_id, p_item_ids=list(ids), p_changed_by=changed_by, p_reason=reason
        )

    def list_catalogue_changes(self, org_id: UUID, limit: int) -> list[CatalogueChange]:
        """Return the changes of an organisation's catalogue, newest first."""
        (changes,) = self._database.call("list_catalogue_changes_v1", p_org_id=org_id, p_limit=limit)
        return CHANGES.validate_python(changes)
