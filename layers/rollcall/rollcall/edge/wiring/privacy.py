"""Builds the steps that erase and export a learner, and the learner's identifiers."""

import time
from functools import cache
from typing import Any
from uuid import UUID

from rollcall.contracts.dead_letters.letter import NIL_ORGANISATION
from rollcall.contracts.dead_letters.redrive import Selection
from rollcall.contracts.privacy import LearnerRequest
from rollcall.domain.privacy import certificate
from rollcall.domain.privacy.learner_identifiers import LearnerIdentifiers
from rollcall.domain.scrub.pseudonym import Pseudonymiser
from rollcall.edge.runtime import clock
from rollcall.edge.wiring import dead_letters as wiring_dead_letters
from rollcall.edge.wiring import environment
from rollcall.edge.wiring import retention as wiring_retention
from rollcall.edge.wiring import scrub as wiring_scrub
from rollcall.edge.wiring.ingest import progress as wiring_ingest
from rollcall.edge.wiring.operations import requests as wiring_operations
from rollcall.edge.wiring.sockets import tables as wiring_sockets
from rollcall.flows.privacy.erase import Erase
from rollcall.flows.privacy.export import Export
from rollcall.flows.privacy.residue import FindResidue
from rollcall.store.privacy import PrivacyStore

DOWNLOAD_SECONDS = 300


@cache
def privacy_store() -> PrivacyStore:
    """Return the store that erases and searches."""
    return PrivacyStore(environment.database(wiring_operations.CHUNK_TIMEOUT_SECONDS))


@cache
def erase() -> Erase:
    """Return the step that erases a learner."""
    store, objects = privacy_store(), wiring_operations.archive_objects()
    snapshots = wiring_retention.rewriting()
    search = FindResidue(store, objects, snapshots)
    return Erase(
        store, objects, snapshots, search, wiring_sockets.tickets(), _discard, _sign, clock.now, time.monotonic
    )


@cache
def export() -> Export:
    """Return the step that exports a learner."""
    return Export(
        privacy_store(),
        wiring_operations.archive_objects(),
        wiring_retention.rewriting(),
        clock.now,
        time.monotonic,
    )


def learner_identifiers_of(asked: LearnerRequest) -> LearnerIdentifiers:
    """Return a learner's identifiers, under every key that pseudonyms were made with.

    The nil organisation's keys are among them: unreadable messages were pseudonymised with those.
    Raises KeysUnavailable, StoreUnavailable.
    """
    org_id, others = asked.org_id, list(asked.other_ids)
    user_id = asked.user_id
    if asked.learner_id is not None:
        user_id = wiring_ingest.learners().of(org_id).user_id(asked.learner_id)
        others.append(asked.learner_id)
    if user_id is None:
        raise ValueError("its contract requires a user_id or a learner_id")
    keyring = wiring_scrub.keyring()
    makers = [
        Pseudonymiser(keyring, owner).for_key(key) for owner in (org_id, NIL_ORGANISATION) for key in keyring.secrets
    ]
    current, former = (maker.pseudonym for maker in makers), (maker.former_pseudonyms for maker in makers)
    return LearnerIdentifiers.of(org_id, user_id, others, current, former)


def _sign(document: dict[str, Any]) -> dict[str, Any]:
    return certificate.sign(document, wiring_scrub.keyring())


def _discard(org_id: UUID, dead_letter_id: UUID, acted_by: str, reason: str) -> None:
    wiring_dead_letters.dead_letter_store().discard_dead_letters(
        org_id, Selection(dead_letter_ids=[dead_letter_id]), acted_by, reason, dry_run=False, limit=1
    )
