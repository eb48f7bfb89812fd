"""Advice in the headers of ingest answers: what the database said of it, and what the environment sees itself."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from rollcall import errors
from rollcall.contracts.health.advice import Advice
from rollcall.edge.runtime import clock
from rollcall.edge.wiring.ingest import progress as wiring_ingest

from functions.openapi import app as openapi
from functions.progress import app as progress
from tests.builders import NOW
from tests.template.document import Template
from tests.unit.fakes.api_gateway import Context, sample
from tests.unit.ingest.test_ingest_flow import RecordingStore, flow

NAMES = ("X-Client-Queue-Lag", "X-Client-Flush-Interval", "X-Client-Batch-Size", "X-Client-Pause-Until")


class AdvisingStore(RecordingStore):
    """Answers advice beside what it records."""

    advice: Advice | None = None

    def ingest_progress(self, *arguments: Any) -> Any:
        """Answer as it does, with advice."""
        return replace(super().ingest_progress(*arguments), advice=self.advice)


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> AdvisingStore:
    recording = AdvisingStore()
    taken = flow(recording)
    monkeypatch.setattr(wiring_ingest, "ingest", lambda _role: taken)
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return recording


def ask(**changes: Any) -> tuple[int, dict[str, str]]:
    answer = progress.handler(sample("progress_batch.json") | changes, Context())
    return answer["statusCode"], answer["headers"]


def test_what_the_database_said_is_told(store: AdvisingStore) -> None:
    """In the answer that it came with, and in those after it that never asked the database."""
    pause_until = NOW + timedelta(minutes=1)
    store.advice = Advice(flush_interval_ms=30_000, batch_size=60, pause_until=pause_until)
    told = [ask(), ask(body="nonsense")]
    assert [status for status, _ in told] == [200, 400]
    for _, headers in told:
        assert (headers["X-Client-Flush-Interval"], headers["X-Client-Batch-Size"]) == ("30000", "60")
        assert datetime.fromisoformat(headers["X-Client-Pause-Until"]) == pause_until
        assert "Retry-After" not in headers
    store.advice = None
    assert ask()[1]["X-Client-Flush-Interval"] == "2000"


def test_no_batch_is_asked_for_that_the_route_would_refuse(store: AdvisingStore) -> None:
    """The size is the route's own limit at most."""
    store.advice = Advice(flush_interval_ms=30_000, batch_size=500)
    assert ask()[1]["X-Client-Batch-Size"] == "100"


def test_without_the_database_a_pause_is_asked_for(store: AdvisingStore) -> None:
    """By the environment itself: five seconds from now, whatever was advised before."""
    store.fault = errors.StoreUnavailable()
    status, headers = ask()
    assert status == 202
    assert datetime.fromisoformat(headers["X-Client-Pause-Until"]) == NOW + timedelta(seconds=5)
    assert int(headers["X-Client-Flush-Interval"]) == int(headers["X-Client-Queue-Lag"]) == 5_000


@pytest.mark.parametrize(("is_paused", "seconds"), [(False, 1), (True, 60)])
def test_whoever_is_told_to_retry_waits_for_the_pause(store: AdvisingStore, is_paused: bool, seconds: int) -> None:
    """Retry-After ends no sooner than the pause."""
    store.limited = True
    pause_until = NOW + timedelta(minutes=1) if is_paused else None
    store.advice = Advice(flush_interval_ms=2_000, batch_size=25, pause_until=pause_until)
    status, headers = ask()
    assert status == 429
    assert int(headers["Retry-After"]) == seconds


def test_browsers_may_read_it_and_the_description_names_it() -> None:
    """Each header is exposed to scripts of other origins, and described with each answer of an ingest route."""
    api = Template.read().of("AWS::ApiGatewayV2::Api")["Api"]["CorsConfiguration"]["Fn::If"][1]
    assert {name.lower() for name in NAMES} <= set(api["ExposeHeaders"])
    assert "idempotency-key" in api["AllowHeaders"]
    paths = json.loads(openapi.document())["paths"]
    for path in ("/api/client/progress/batch", "/api/analytics/events", "/v1/batch", "/api/migration-analytics/events"):
        for status, answer in paths[path]["post"]["responses"].items():
            assert status == "401" or answer["headers"].keys() >= set(NAMES), (path, status)
