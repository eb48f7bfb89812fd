"""Builds the steps that erase and export a learner, and what asks for them."""

import time
from functools import cache
from typing import Any
from uuid import UUID

from rollcall.contracts.dead_letter import NOBODY
from rollcall.contracts.privacy import LearnerRequest
from rollcall.contracts.redrive import Selection
from rollcall.domain import certificate
from rollcall.domain.scrub.pseudonym import Pseudonymiser
from rollcall.domain.trace import Trace
from rollcall.edge import wiring, wiring_dead_letters, wiring_live, wiring_operations, wiring_scrub, wiring_snapshots
from rollcall.flows.erase import Erase
from rollcall.flows.export_learner import Export
from rollcall.flows.find_residue import FindResidue
from rollcall.store.privacy import PrivacyStore

DOWNLOAD_SECONDS = 300


@cache
def privacy_store() -> PrivacyStore:
    """Return the store that erases and searches."""
    return PrivacyStore(wiring.database(wiring_operations.CHUNK_TIMEOUT_SECONDS))


@cache
def erase() -> Erase:
    """Return the step that erases."""
    store, objects = privacy_store(), wiring_operations.archive_objects()
    snapshots = wiring_snapshots.rewriting()
    search = FindResidue(store, objects, snapshots)
    return Erase(store, objects, snapshots, search, wiring_live.tickets(), _discard, _sign, wiring.now, time.monotonic)


@cache
def export() -> Export:
    """Return the step that exports."""
    return Export(
        privacy_store(), wiring_operations.archive_objects(), wiring_snapshots.rewriting(), wiring.now, time.monotonic
    )


def trace_of(asked: LearnerRequest) -> Trace:
    """Return what a learner is known by, under every key that pseudonyms were made with.

    Also under the keys of nobody known: what nobody could read was pseudonymised with those.
    Raises KeysUnavailable, StoreUnavailable.
    """
    org_id, others = asked.org_id, list(asked.other_ids)
    user_id = asked.user_id
    if asked.learner_id is not None:
        user_id = wiring.learners().of(org_id).user_id(asked.learner_id)
        others.append(asked.learner_id)
    if user_id is None:
        raise ValueError("its contract names the learner one way or the other")
    keyring = wiring_scrub.keyring()
    makers = [Pseudonymiser(keyring, owner).for_key(key) for owner in (org_id, NOBODY) for key in keyring.secrets]
    current, former = (maker.pseudonym for maker in makers), (maker.former_pseudonyms for maker in makers)
    return Trace.of(org_id, user_id, others, current, former)


def _sign(document: dict[str, Any]) -> dict[str, Any]:
    return certificate.sign(document, wiring_scrub.keyring())


def _discard(org_id: UUID, dead_letter_id: UUID, acted_by: str, reason: str) -> None:
    wiring_dead_letters.dead_letter_store().discard_dead_letters(
        org_id, Selection(dead_letter_ids=[dead_letter_id]), acted_by, reason, dry_run=False, limit=1
    )
