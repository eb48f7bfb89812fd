"""Builds health as it is measured on a quiet day."""

from typing import Any
from uuid import UUID

from rollcall.contracts.health.health import Health, HealthState, OrganisationHealth

from tests.builders import NOW

ADVICE = {"flush_interval_ms": 0, "batch_size": 100}


def organisation(org_id: UUID, **changes: Any) -> OrganisationHealth:
    """Return how an organisation's events do."""
    fields: dict[str, Any] = {
        "org_id": org_id,
        "lag_ms": None,
        "received_count": 12,
        "rejected_counts": {},
        "rate_limited_count": 0,
        "dead_letter_count": 0,
    }
    return OrganisationHealth.model_validate(fields | changes)


def health(**changes: Any) -> Health:
    """Return how a deployment does."""
    fields = {
        "status": "ok",
        "reasons": [],
        "since": NOW,
        "sequence": 7,
        "measured_at": NOW,
        "version": "0",
        "environment": "test",
        "region": "eu-central-1",
        "regions": {},
        "slos": {},
        "database": {"is_reachable": True},
        "progressBatchLagMs": 0,
        "analyticsIngestLagMs": 0,
        "offlineQueue": {"backlog": 0, "pendingAssignments": 0},
        "queues": {},
        "rollup_lag_seconds": 1,
        "retention": None,
        "restore_drill": None,
        "jobs": {},
        "orgEnforcement": None,
        "flags": {},
        "advice": ADVICE,
    }
    return Health.model_validate(fields | changes)


def healthy(*, organisations: dict[UUID, OrganisationHealth] | None = None, **changes: Any) -> HealthState:
    """Return health as it is kept."""
    return HealthState(version=7, health=health(**changes), organisations=organisations or {})
