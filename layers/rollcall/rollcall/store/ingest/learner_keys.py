"""Calls the procedure that remembers which key made an organisation's learner ids."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from rollcall.store.connection import Database


class LearnerKeyStore:
    """Keeps the key of each organisation's learner ids. Each call raises StoreUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def learner_keys(self, org_ids: Iterable[UUID], current: str) -> Mapping[UUID, str]:
        """Return the key ids of these organisations; an organisation without one gets `current`."""
        (found,) = self._database.call("keep_learner_keys_v1", p_org_ids=list(org_ids), p_key_id=current)
        return {UUID(org_id): str(key_id) for org_id, key_id in found.items()}
