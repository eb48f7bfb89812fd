"""Builds the flow that imports old events."""

import time
from dataclasses import replace
from functools import cache
from uuid import uuid4

from rollcall.domain.retention.lifetimes import IMPORT_WINDOW
from rollcall.edge.runtime import clock, settings
from rollcall.edge.wiring import environment
from rollcall.edge.wiring import scrub as wiring_scrub
from rollcall.edge.wiring.ingest import analytics as wiring_analytics
from rollcall.edge.wiring.ingest import progress as wiring_ingest
from rollcall.edge.wiring.operations import requests as wiring_operations
from rollcall.flows.ingest.imports import ImportEvents, ImportRules
from rollcall.flows.ingest.recall import Recall
from rollcall.store.ingest.imports import ImportStore

# Of a request's 29 seconds. Making partitions of 31 days and storing a thousand events takes the rest.
RECALL_SECONDS = 12
STORE_TIMEOUT_SECONDS = 20


@cache
def import_events() -> ImportEvents:
    """Return the flow that imports events, for callers with the role service."""
    current = settings.current()
    store = ImportStore(environment.database(STORE_TIMEOUT_SECONDS, STORE_TIMEOUT_SECONDS))
    ingest, collect = wiring_ingest.ingest("service"), wiring_analytics.ingest_analytics("service")
    return ImportEvents(
        store=store,
        recall=Recall(store, wiring_operations.archive_objects(), time.monotonic, RECALL_SECONDS),
        learners=wiring_ingest.learners(),
        scrubbing_of=wiring_scrub.scrubbing_of,
        judge_progress=replace(ingest, rules=replace(ingest.rules, retention=IMPORT_WINDOW)).judge,
        judge_analytics=replace(collect, rules=replace(collect.rules, retention=IMPORT_WINDOW)).judge,
        rules=ImportRules(
            retention={"progress_events": current.retention, "analytics_events": current.analytics_retention},
            ledger=current.lifetimes.identities,
        ),
        now=clock.now,
        new_batch_id=uuid4,
    )
