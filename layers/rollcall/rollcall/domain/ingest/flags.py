"""Flags applied to an event: whether it is kept, or the reason why it is dropped."""

import hashlib
from uuid import UUID

from rollcall.contracts.ingest.flags import Flags, Switch

DIGEST_BYTES = 8
DROP_REASONS = frozenset({"emit_off", "organisation_off", "sampled_out"})
"""Reasons of a rejection that no client can mend: the event was sound, and is dropped on purpose."""


def find_drop(flags: Flags, fallback: Switch, org_id: UUID, name: str, event_id: UUID) -> str | None:
    """Return why an event is dropped, one of DROP_REASONS, or None for one that is kept.

    `fallback` is what the deployment says where the flags do not. Nothing switches on what is off for everybody.
    """
    if (flags.emit or fallback) == "off":
        return "emit_off"
    organisation = flags.organisations.get(org_id)
    if organisation is not None and organisation.emit == "off":
        return "organisation_off"
    return None if _is_sampled(event_id, flags.sampling.get(name, 1.0)) else "sampled_out"


def _is_sampled(event_id: UUID, fraction: float) -> bool:
    """Judge by the id alone, so that an event sent again is judged alike; hashed, since ids may bear a time."""
    position = int.from_bytes(hashlib.sha256(event_id.bytes).digest()[:DIGEST_BYTES])
    return position < fraction * (1 << 8 * DIGEST_BYTES)
