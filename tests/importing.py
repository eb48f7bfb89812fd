"""Imports over a database of their own and a bucket in memory; lines as a file has them."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID, uuid4

from rollcall.contracts.caller import Caller
from rollcall.contracts.ingest.import_report import ImportReport
from rollcall.domain.health.backpressure import LatencyGauge
from rollcall.domain.ingest.attributes import AttributeRule
from rollcall.domain.ingest.rate import RateLimit
from rollcall.domain.keyring import Keyring
from rollcall.domain.retention.lifetimes import IMPORT_WINDOW
from rollcall.domain.scrub.policy import default_policy
from rollcall.domain.scrub.pseudonym import Pseudonymiser
from rollcall.domain.scrub.scrubber import Scrubber
from rollcall.flows.ingest.analytics import AnalyticsRules, IngestAnalytics
from rollcall.flows.ingest.imports import ImportEvents, ImportRules
from rollcall.flows.ingest.learner_ids import NameLearners
from rollcall.flows.ingest.progress import Ingest, IngestRules
from rollcall.flows.ingest.recall import Recall
from rollcall.flows.scrub.events import Scrubbing
from rollcall.store.connection import Database
from rollcall.store.ingest.imports import ImportStore
from rollcall.store.ingest.learner_keys import LearnerKeyStore

from tests.bucket import Bucket
from tests.builders import NOW, caller

KEYRING = Keyring("k1", {"k1": "a secret of thirty-two characters"})
LONG_AGO = NOW - timedelta(days=300)
LEDGER = timedelta(days=150)


def progress_line(learner_id: Any = "kim", **changes: Any) -> dict[str, Any]:
    """Return a progress event of long ago, as a line has it; a change to `...` leaves the member out."""
    document = {
        "type": "progress",
        "event_id": str(uuid4()),
        "learner_id": learner_id,
        "course_id": "algebra",
        "lesson_id": "fractions",
        "kind": "progressed",
        "percent": 40,
        "time_spent_seconds": 60,
        "occurred_at": LONG_AGO.isoformat(),
    } | changes
    return {name: value for name, value in document.items() if value is not ...}


def analytics_line(user_id: Any = "kim", **changes: Any) -> dict[str, Any]:
    """Return an analytics event of long ago, as a line has it."""
    document = {
        "type": "analytics",
        "event_id": str(uuid4()),
        "user_id": user_id,
        "name": "lesson_viewed",
        "occurred_at": LONG_AGO.isoformat(),
        "properties": {"lesson_id": "fractions-3", "email": "kim@school.example"},
    } | changes
    return {name: value for name, value in document.items() if value is not ...}


def body_of(*lines: object) -> bytes:
    """Return lines as a body."""
    return b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)


def scrubbing_of(org_id: UUID) -> Scrubbing:
    """Return the default policy under the keys of these tests."""
    pseudonymiser = Pseudonymiser(KEYRING, org_id)
    return Scrubbing(Scrubber(default_policy(), pseudonymiser), pseudonymiser, default_policy())


@dataclass
class Importing:
    """The flow over a database and a bucket."""

    database: Database
    bucket: Bucket = field(default_factory=Bucket)
    now: datetime = NOW
    store: Any = None
    recall_seconds: float = 60
    retention_days: int = 1

    def flow(self) -> ImportEvents:
        """Return the flow."""
        nothing = cast("Any", SimpleNamespace())
        limit, gauge = RateLimit(1, 1), LatencyGauge(100)
        learners = NameLearners(lambda: KEYRING, LearnerKeyStore(self.database))
        rules = IngestRules(1000, IMPORT_WINDOW, AttributeRule(frozenset({"attempt"})), limit)
        ingest = Ingest(nothing, nothing, lambda _text: None, learners, rules, gauge, lambda: self.now, lambda: 0.0)
        collect = IngestAnalytics(
            lambda _text: None, nothing, scrubbing_of, AnalyticsRules(1000, IMPORT_WINDOW, limit), gauge,
            lambda: self.now, lambda: 0.0, uuid4,
        )  # fmt: skip
        store = self.store or ImportStore(self.database)
        ticks = iter(range(100_000))
        return ImportEvents(
            store=store,
            recall=Recall(store, self.bucket, lambda: next(ticks), self.recall_seconds),
            learners=learners,
            scrubbing_of=scrubbing_of,
            judge_progress=ingest.judge,
            judge_analytics=collect.judge,
            rules=ImportRules(
                {
                    "progress_events": timedelta(days=self.retention_days),
                    "analytics_events": timedelta(days=self.retention_days),
                },
                LEDGER,
            ),
            now=lambda: self.now,
            new_batch_id=uuid4,
        )

    def take(self, org_id: UUID, *lines: object, is_dry_run: bool = False, who: Caller | None = None) -> ImportReport:
        """Import lines into an organisation."""
        holder = who or caller(role="service", org_ids=[org_id], subject="importer")
        return self.flow().take(body_of(*lines), holder, org_id, is_dry_run=is_dry_run)


def moment(days_ago: float) -> str:
    """Return a time so many days ago."""
    return (NOW - timedelta(days=days_ago)).astimezone(UTC).isoformat()
