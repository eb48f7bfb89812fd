"""Writes down who asked for an operation, and why, without personal data."""

from uuid import UUID

from rollcall.contracts.caller import Caller
from rollcall.domain.ingest.subject import name_requester
from rollcall.domain.scrub.notes import scrub_note
from rollcall.edge.wiring import scrub as wiring_scrub


def requester(caller: Caller, org_id: UUID) -> str:
    """Return the pseudonym under which an organisation's records name a caller; raises KeysUnavailable."""
    return name_requester(caller.subject, lambda subject: wiring_scrub.pseudonymiser_of(org_id).pseudonym(subject))


def kept_reason(reason: str) -> str:
    """Return a reason without personal data such as e-mail addresses; raises ScrubFailed."""
    return scrub_note(reason)
