"""Builds the worker of operations. Kinds of operations are registered here.

A module of its own, because it imports all of scrubbing, which most functions do not need.
"""

import time
from functools import cache
from uuid import UUID

from rollcall.edge.runtime import clock, settings
from rollcall.edge.wiring import assignments as wiring_assignments
from rollcall.edge.wiring import dead_letters as wiring_dead_letters
from rollcall.edge.wiring import environment
from rollcall.edge.wiring import privacy as wiring_privacy
from rollcall.edge.wiring import retention as wiring_retention
from rollcall.edge.wiring import rollups as wiring_rollups
from rollcall.edge.wiring import scrub as wiring_scrub
from rollcall.edge.wiring.operations import requests as wiring_operations
from rollcall.flows.ingest import archive
from rollcall.flows.operations.take_turns import TakeTurns
from rollcall.flows.operations.work import OperationWorker, Step, by_source
from rollcall.flows.replay import steps as replay
from rollcall.flows.replay.analytics import apply_queued
from rollcall.flows.replay.snapshots import ReplaySnapshots
from rollcall.flows.rollups import RebuildRollups
from rollcall.flows.scrub.rescrub import Rescrub
from rollcall.flows.scrub.rows import scrubber_of
from rollcall.store.ingest.analytics import AnalyticsStore
from rollcall.store.ingest.progress import ProgressStore


@cache
def operation_worker() -> OperationWorker:
    """Return the engine, with a step for each kind of operation."""
    steps: dict[str, Step] = {
        "assign": wiring_assignments.assign_learners(),
        "erase": wiring_privacy.erase(),
        "export": wiring_privacy.export(),
        "purge": wiring_retention.purge(),
        "redrive": wiring_dead_letters.redrive(),
        "replay": by_source(replay_steps()),
        "rollup": RebuildRollups(wiring_rollups.rollup_store()),
        "restore": wiring_retention.restore(scrubber_of(wiring_scrub.scrubbing_at_once)),
        # Read the policy anew: with a cached one, a re-scrub right after a change of policy would find nothing to do.
        "scrub": Rescrub(_analytics_store(), wiring_scrub.scrubbing_at_once, wiring_retention.rewriting()),
    }
    return OperationWorker(wiring_operations.operation_store(), steps, time.monotonic, time.sleep)


@cache
def take_turns() -> TakeTurns:
    """Return the flow that chooses which operation a worker does."""
    return TakeTurns(wiring_operations.operation_store(), operation_worker().work, time.monotonic)


def _analytics_store() -> AnalyticsStore:
    return AnalyticsStore(environment.database(wiring_operations.CHUNK_TIMEOUT_SECONDS))


def replay_steps() -> dict[str, Step]:
    """Return the steps of a replay, by source."""
    store = ProgressStore(environment.database(wiring_operations.CHUNK_TIMEOUT_SECONDS))
    current = settings.current()
    spooled = replay.apply_spooled(store, clock.now, current.retention)
    queued = apply_queued(_analytics_store(), wiring_scrub.scrubbing_of, clock.now, current.analytics_retention)
    return {
        "events": replay.replay_events(wiring_operations.operation_store()),
        "spool": replay.ReplayArchive(wiring_operations.archive_objects(), archive.SPOOL, spooled),
        "dead_letters": replay.ReplayArchive(
            wiring_operations.archive_objects(),
            archive.DEAD_LETTERS,
            replay.first_that_reads(queued, spooled),
            _is_given_up,
        ),
        "snapshots": ReplaySnapshots(wiring_retention.rewriting(), _apply_dropped(store)),
    }


def _apply_dropped(store: ProgressStore) -> replay.Apply:
    """Return the step that replays snapshots, for as far back as the ledger remembers which events were counted."""
    remembered = settings.current().lifetimes.identities
    return replay.first_that_reads(
        apply_queued(_analytics_store(), wiring_scrub.scrubbing_of, clock.now, remembered),
        replay.apply_spooled(store, clock.now, remembered),
    )


def _is_given_up(org_id: UUID, key: str) -> bool:
    """Return whether a person discarded the dead letter of this object: a replay must not bring it back."""
    file = wiring_dead_letters.dead_letter_store().read_dead_letter(org_id, archive.id_in(key))
    return file is not None and file.dead_letter.state == "discarded"
