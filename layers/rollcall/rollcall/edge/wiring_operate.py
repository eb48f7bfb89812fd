"""Builds the worker of operations. Kinds of operations are registered here.

Apart from what asks for operations: it brings all of scrubbing, which most functions do without.
"""

import time
from functools import cache
from uuid import UUID

from rollcall.edge import (
    settings,
    wiring,
    wiring_assignments,
    wiring_dead_letters,
    wiring_operations,
    wiring_privacy,
    wiring_rollup,
    wiring_scrub,
    wiring_snapshots,
)
from rollcall.flows import archive, replay
from rollcall.flows.operate import Operate, Step, by_source
from rollcall.flows.replay_analytics import apply_queued
from rollcall.flows.replay_snapshots import ReplaySnapshots
from rollcall.flows.rescrub import Rescrub
from rollcall.flows.rollup import RebuildRollups
from rollcall.flows.scrub_rows import scrubber_of
from rollcall.flows.take_turns import TakeTurns
from rollcall.store.analytics import AnalyticsStore
from rollcall.store.progress import ProgressStore


@cache
def operate() -> Operate:
    """Return the engine, with a step for each kind of operation."""
    steps: dict[str, Step] = {
        "assign": wiring_assignments.assign_learners(),
        "erase": wiring_privacy.erase(),
        "export": wiring_privacy.export(),
        "purge": wiring_snapshots.purge(),
        "redrive": wiring_dead_letters.redrive(),
        "replay": by_source(replay_steps()),
        "rollup": RebuildRollups(wiring_rollup.rollup_store()),
        "restore": wiring_snapshots.restore(scrubber_of(wiring_scrub.scrubbing_at_once)),
        # Asked for just after a policy was set: with the one of a minute ago it would find nothing to do.
        "scrub": Rescrub(_analytics_store(), wiring_scrub.scrubbing_at_once, wiring_snapshots.rewriting()),
    }
    return Operate(wiring_operations.operation_store(), steps, time.monotonic, time.sleep)


@cache
def take_turns() -> TakeTurns:
    """Return the flow that chooses whose operation is worked on."""
    return TakeTurns(wiring_operations.operation_store(), operate().work, time.monotonic)


def _analytics_store() -> AnalyticsStore:
    return AnalyticsStore(wiring.database(wiring_operations.CHUNK_TIMEOUT_SECONDS))


def replay_steps() -> dict[str, Step]:
    """Return the steps of a replay, by source."""
    store = ProgressStore(wiring.database(wiring_operations.CHUNK_TIMEOUT_SECONDS))
    current = settings.current()
    spooled = replay.apply_spooled(store, wiring.now, current.retention)
    queued = apply_queued(_analytics_store(), wiring_scrub.scrubbing_of, wiring.now, current.analytics_retention)
    return {
        "events": replay.replay_events(wiring_operations.operation_store()),
        "spool": replay.ReplayArchive(wiring_operations.archive_objects(), archive.SPOOL, spooled),
        "dead_letters": replay.ReplayArchive(
            wiring_operations.archive_objects(),
            archive.DEAD_LETTERS,
            replay.first_that_reads(queued, spooled),
            _is_given_up,
        ),
        "snapshots": ReplaySnapshots(wiring_snapshots.rewriting(), _apply_dropped(store)),
    }


def _apply_dropped(store: ProgressStore) -> replay.Apply:
    """Return what applies what retention has dropped: for as long as the ledger remembers what was counted."""
    remembered = settings.current().lifetimes.identities
    return replay.first_that_reads(
        apply_queued(_analytics_store(), wiring_scrub.scrubbing_of, wiring.now, remembered),
        replay.apply_spooled(store, wiring.now, remembered),
    )


def _is_given_up(org_id: UUID, key: str) -> bool:
    """Tell whether somebody discarded the dead letter of this object: a replay must not bring it back."""
    file = wiring_dead_letters.dead_letter_store().read_dead_letter(org_id, archive.id_in(key))
    return file is not None and file.dead_letter.state == "discarded"
