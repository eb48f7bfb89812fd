"""Builds the parts that write, verify, rewrite and delete snapshots."""

import time
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from uuid import UUID

from rollcall.domain.keyring import Keyring
from rollcall.edge.runtime import clock, settings
from rollcall.edge.wiring import environment
from rollcall.edge.wiring.operations import requests as wiring_operations
from rollcall.errors import KeysUnavailable, SecretUnavailable
from rollcall.flows.retention.age_out import AgeOut
from rollcall.flows.retention.expire_days import ExpireDays
from rollcall.flows.retention.purge import Purge
from rollcall.flows.retention.restore import Restore, Row, VerifySnapshots
from rollcall.flows.retention.restore_drill import RestoreDrill
from rollcall.flows.retention.rewrite_snapshot import RewriteSnapshots
from rollcall.flows.retention.snapshot_manifest import Manifests
from rollcall.store.retention.partitions import PartitionStore
from rollcall.store.retention.snapshots import SnapshotStore
from rollcall.store.rollups.rollups import RollupStore

KEYRING_SECONDS = 300  # how long a rotated signing key may go unnoticed
# Dropping a day counts and hashes all its rows: ten million rows take about ten seconds.
RETAIN_TIMEOUT_SECONDS = 300


def keyring() -> Keyring:
    """Return the keys that manifests are signed with; raises KeysUnavailable."""
    try:
        text = environment.secrets().read(settings.current().need("snapshot_secret_arn"), KEYRING_SECONDS)
    except SecretUnavailable as fault:
        raise KeysUnavailable from fault
    return Keyring.read(text)


@cache
def snapshot_store() -> SnapshotStore:
    """Return the store of snapshots, as operations use it."""
    return SnapshotStore(environment.database(wiring_operations.CHUNK_TIMEOUT_SECONDS))


@cache
def _retain_store() -> SnapshotStore:
    return SnapshotStore(environment.database(RETAIN_TIMEOUT_SECONDS))


@cache
def manifests() -> Manifests:
    """Return the writer and verifier of manifests."""
    return Manifests(snapshot_store(), wiring_operations.archive_objects(), keyring)


@cache
def rewriting() -> RewriteSnapshots:
    """Return the part that removes rows from snapshots."""
    return RewriteSnapshots(snapshot_store(), wiring_operations.archive_objects(), manifests())


@cache
def expire_days() -> ExpireDays:
    """Return the flow that drops expired days."""
    current = settings.current()
    store, objects = _retain_store(), wiring_operations.archive_objects()
    return ExpireDays(
        store=store,
        objects=objects,
        manifests=Manifests(store, objects, keyring),
        retention={"progress_events": current.retention, "analytics_events": current.analytics_retention},
        snapshot_lifetime=timedelta(days=current.snapshot_days),
        now=clock.now,
    )


@cache
def restore(scrubber_of: Callable[[UUID], Callable[[Row], Row]]) -> Restore:
    """Return the step that restores. The caller passes scrubbing in, since most functions do not import it."""
    return Restore(snapshot_store(), wiring_operations.archive_objects(), clock.now, scrubber_of)


@cache
def verify() -> VerifySnapshots:
    """Return the flow that verifies snapshots."""
    return VerifySnapshots(snapshot_store(), wiring_operations.archive_objects(), manifests())


@cache
def purge() -> Purge:
    """Return the step that purges a window."""
    rollups = RollupStore(environment.database(wiring_operations.CHUNK_TIMEOUT_SECONDS))
    return Purge(snapshot_store(), rewriting(), rollups.rebuild_day, settings.current().lifetimes.retention, clock.now)


@cache
def drill() -> RestoreDrill:
    """Return the flow of the restore drill."""
    return RestoreDrill(snapshot_store(), wiring_operations.archive_objects(), clock.now, time.monotonic)


@cache
def age_out() -> AgeOut:
    """Return the flow that deletes rows and snapshots past their age."""
    return AgeOut(
        store=_retain_store(),
        objects=wiring_operations.archive_objects(),
        lifetimes=settings.current().lifetimes,
        snapshot_lifetime=timedelta(days=settings.current().snapshot_days),
        now=clock.now,
    )


PARTITION_TIMEOUT_SECONDS = 50  # moving rows out of the default partition may take minutes


@cache
def partition_store() -> PartitionStore:
    """Return the partition store."""
    return PartitionStore(environment.database(PARTITION_TIMEOUT_SECONDS))
