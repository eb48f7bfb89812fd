"""Logs and metrics: what they may hold."""

import json
from collections.abc import Callable

import pytest
from rollcall.edge.runtime import observe, settings


def test_an_unlisted_dimension_is_refused() -> None:
    """Cardinality is bounded in code."""
    for name in ("user_id", "org_id", "course", "event_id"):
        with pytest.raises(observe.DimensionForbidden):
            observe.dimension(name, "x")


def test_metrics_leave_with_the_allowed_dimensions_only(logged: Callable[[], str]) -> None:
    """One EMF line an invocation."""

    class Context:
        aws_request_id = "f-1"

    @observe.entry
    def handler(_event: dict[str, object], _context: object) -> dict[str, object]:
        observe.count(accepted=2)
        observe.measure("duration", 3.5)
        observe.dimension("job", "partition")
        return {}

    handler({}, Context())
    line = json.loads(logged())
    assert line["accepted"] == [2.0]
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "Rollcall"
    assert set(directive["Dimensions"][0]) <= observe.DIMENSIONS


def test_metrics_leave_even_when_the_handler_fails(logged: Callable[[], str]) -> None:
    """What was counted before a fault is not lost."""

    class Context:
        aws_request_id = "f-1"

    @observe.entry
    def handler(_event: dict[str, object], _context: object) -> dict[str, object]:
        observe.count(buried=1)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        handler({}, Context())
    assert json.loads(logged())["buried"] == [1.0]


def test_spans_cost_nothing_unless_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the tracer nor its SDK is touched when this trace is not kept."""
    monkeypatch.setattr(observe, "_tracer", lambda: pytest.fail("the tracer was built"))
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1")
    with observe.span("store"):
        pass
    monkeypatch.setenv("TRACE_DETAIL", "true")
    settings.current.cache_clear()
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0")
    with observe.span("store"):
        pass
