"""Name learners: turn organisations' learner ids into UUIDs, with a key that an organisation keeps for good."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from rollcall.contracts.ingest.progress import ProgressEvent, SentProgressEvent
from rollcall.domain.ingest.learner_id import LearnerIds
from rollcall.domain.keyring import Keyring
from rollcall.errors import KeysUnavailable

ORGANISATIONS_KEPT = 1_024


class LearnerKeyStore(Protocol):
    """Stores which key makes the UUIDs of an organisation; raises StoreUnavailable."""

    def learner_keys(self, org_ids: Iterable[UUID], current: str) -> Mapping[UUID, str]:
        """Return the key ids of these organisations. Organisations without one get `current`."""


@dataclass
class NameLearners:
    """The flow, with the IO it was given. `keyring` raises KeysUnavailable."""

    keyring: Callable[[], Keyring]
    keys: LearnerKeyStore
    _known: dict[UUID, LearnerIds] = field(default_factory=dict, init=False)

    def of(self, org_id: UUID) -> LearnerIds:
        """Return the maker of an organisation's UUIDs; raises KeysUnavailable, StoreUnavailable."""
        return self._makers({org_id})[org_id]

    def name(self, events: Sequence[SentProgressEvent], only: UUID | None) -> list[ProgressEvent]:
        """Return the events, with a UUID in place of each learner id.

        `only` is the organisation of events that name no organisation. Raises KeysUnavailable, StoreUnavailable.
        """
        makers = self._makers({_owner(event, only) for event in events if event.learner_id is not None})
        return [
            event
            if event.learner_id is None
            else event.model_copy(
                update={"user_id": makers[_owner(event, only)].user_id(event.learner_id), "learner_id": None}
            )
            for event in events
        ]

    def _makers(self, org_ids: set[UUID]) -> Mapping[UUID, LearnerIds]:
        unknown = org_ids - self._known.keys()
        if unknown:
            keyring = self.keyring()
            if len(self._known) + len(unknown) > ORGANISATIONS_KEPT:
                self._known.clear()
                unknown = org_ids
            for org_id, key_id in self.keys.learner_keys(sorted(unknown), keyring.current).items():
                if key_id not in keyring.secrets:
                    # Another key would give each learner of the organisation a second UUID.
                    raise KeysUnavailable("The key of the organisation's learner ids is not in the keyring.")
                self._known[org_id] = LearnerIds(keyring.secrets[key_id], org_id)
        return self._known


def _owner(event: SentProgressEvent, only: UUID | None) -> UUID:
    owner = event.org_id or only
    if owner is None:
        raise ValueError("already judged: an event with a learner_id belongs to exactly one organisation")
    return owner
