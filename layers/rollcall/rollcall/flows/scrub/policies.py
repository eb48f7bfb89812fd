"""Policies: each organisation's scrubbing policy, read from its parameter and cached for a while."""

from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from pydantic import ValidationError

from rollcall.contracts.scrub.policy import PolicyAdditions, StoredAdditions
from rollcall.domain.scrub.policy import Policy, policy_with
from rollcall.errors import ParameterUnavailable, PolicyInvalid, PolicyUnavailable

KEEP_SECONDS = 60
# While Systems Manager is away, a cached policy stays valid for so long; then clients have to send events later.
STALE_SECONDS = 3_600


@dataclass(frozen=True)
class KeptPolicy:
    """A policy and when it was read, in monotonic seconds."""

    read_at: float
    stored: StoredAdditions | None
    policy: Policy


@dataclass
class Policies:
    """Policies by organisation. Without a parameter the default applies; an invalid parameter raises PolicyUnavailable.

    The default does not replace an invalid parameter, because the parameter may ask for more than the default.
    """

    read_parameter: Callable[[str], str | None]
    prefix: str
    monotonic: Callable[[], float]
    _kept: dict[UUID, KeptPolicy] = field(default_factory=dict, init=False)

    def policy_of(self, org_id: UUID) -> Policy:
        """Return an organisation's policy; raises PolicyUnavailable."""
        return self._read(org_id, KEEP_SECONDS).policy

    def read(self, org_id: UUID) -> tuple[PolicyAdditions | None, Policy]:
        """Return an organisation's additions and policy as stored now; raises PolicyUnavailable."""
        kept = self._read(org_id, 0)
        return _additions(kept.stored), kept.policy

    def stored(self, org_id: UUID) -> StoredAdditions | None:
        """Return an organisation's additions as stored now; raises PolicyUnavailable."""
        return self._read(org_id, 0).stored

    def name_of(self, org_id: UUID) -> str:
        """Return the name of an organisation's parameter."""
        return f"{self.prefix}/{org_id}"

    def _read(self, org_id: UUID, keep_seconds: float) -> KeptPolicy:
        known, now = self._kept.get(org_id), self.monotonic()
        if known and now - known.read_at < keep_seconds:
            return known
        try:
            text = self.read_parameter(self.name_of(org_id))
        except ParameterUnavailable as away:
            if known and now - known.read_at < STALE_SECONDS:
                return known
            raise PolicyUnavailable from away
        try:
            stored = StoredAdditions.model_validate_json(text) if text else None
            is_same = known is not None and known.stored == stored
            policy = known.policy if known and is_same else policy_with(_additions(stored))
            self._kept[org_id] = KeptPolicy(now, stored, policy)
        except (ValidationError, PolicyInvalid) as broken:
            raise PolicyUnavailable("The organisation's scrubbing policy is not valid.") from broken
        return self._kept[org_id]


def _additions(stored: StoredAdditions | None) -> PolicyAdditions | None:
    return PolicyAdditions(**{name: getattr(stored, name) for name in PolicyAdditions.model_fields}) if stored else None
