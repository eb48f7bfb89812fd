"""Builds what imports events of long ago."""

import time
from dataclasses import replace
from functools import cache
from uuid import uuid4

from rollcall.domain.retention import IMPORT_WINDOW
from rollcall.edge import settings, wiring, wiring_analytics, wiring_operations, wiring_scrub
from rollcall.flows.import_events import ImportEvents, ImportRules
from rollcall.flows.recall import Recall
from rollcall.store.imports import ImportStore

# Of the 29 that a request has: partitions of 31 days and a thousand events take the rest.
RECALL_SECONDS = 12
STORE_TIMEOUT_SECONDS = 20


@cache
def import_events() -> ImportEvents:
    """Return the flow that imports, for callers of the role service."""
    current = settings.current()
    store = ImportStore(wiring.database(STORE_TIMEOUT_SECONDS, STORE_TIMEOUT_SECONDS))
    ingest, collect = wiring.ingest("service"), wiring_analytics.collect("service")
    return ImportEvents(
        store=store,
        recall=Recall(store, wiring_operations.archive_objects(), time.monotonic, RECALL_SECONDS),
        learners=wiring.learners(),
        scrubbing_of=wiring_scrub.scrubbing_of,
        judge_progress=replace(ingest, rules=replace(ingest.rules, retention=IMPORT_WINDOW)).judge,
        judge_analytics=replace(collect, rules=replace(collect.rules, retention=IMPORT_WINDOW)).judge,
        rules=ImportRules(
            retention={"progress_events": current.retention, "analytics_events": current.analytics_retention},
            ledger=current.lifetimes.identities,
        ),
        now=wiring.now,
        new_batch_id=uuid4,
    )
