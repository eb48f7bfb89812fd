"""The small pure rules: attributes, the accepted window, backpressure, scopes."""

from datetime import timedelta
from typing import Any

import pytest
from rollcall.domain import scopes
from rollcall.domain.health.backpressure import LAG_MAX_MS, UNREACHABLE_LAG_MS, LatencyGauge
from rollcall.domain.ingest.accepted_window import AcceptedWindow
from rollcall.domain.ingest.attributes import AttributeRule, find_fault

from tests.builders import NOW

RULE = AttributeRule(frozenset({"attempt", "device_class", "score"}), depth_max=2, bytes_max=120)

ATTRIBUTES: list[tuple[dict[str, Any], str | None]] = [
    ({}, None),
    ({"attempt": 2, "device_class": "tablet", "score": 0.5}, None),
    ({"attempt": True, "score": None}, None),
    ({"score": {"attempt": 1}}, None),
    ({"score": [1, 2, 3]}, None),
    ({"nickname": "kim"}, "attribute_key_not_allowed"),
    ({"score": {"nickname": 1}}, "attribute_key_not_allowed"),
    ({"device_class": "kim@example.org"}, "attribute_value_not_allowed"),
    ({"device_class": "two words"}, "attribute_value_not_allowed"),
    ({"device_class": ""}, "attribute_value_not_allowed"),
    ({"device_class": "x" * 65}, "attribute_value_not_allowed"),
    ({"attempt": 2**53 + 1}, "attribute_value_not_allowed"),
    ({"attempt": float("inf")}, "attribute_value_not_allowed"),
    ({"score": {"score": {"score": 1}}}, "attributes_too_deep"),
    ({"score": [[1]]}, "attributes_too_deep"),
    ({"score": list(range(17))}, "attributes_too_large"),
    ({"device_class": "x" * 60, "score": ["y" * 60]}, "attributes_too_large"),
]


@pytest.mark.parametrize(("attributes", "fault"), ATTRIBUTES, ids=lambda value: str(value)[:40])
def test_attributes_hold_allowed_keys_and_small_values_only(attributes: dict[str, Any], fault: str | None) -> None:
    """No key that was not named, no free text, nothing deep or large."""
    assert find_fault(attributes, RULE) == fault


@pytest.mark.parametrize(
    ("offset", "held"),
    [
        (timedelta(0), True),
        (timedelta(days=-30), True),
        (timedelta(days=-30, microseconds=-1), False),
        (timedelta(days=1), True),
        (timedelta(days=1, microseconds=1), False),
    ],
)
def test_the_window_reaches_from_retention_to_a_day_ahead(offset: timedelta, held: bool) -> None:
    """Both ends belong to it."""
    assert AcceptedWindow.at(NOW, timedelta(days=30)).holds(NOW + offset) is held


def test_clients_are_asked_to_wait_only_while_the_database_is_slow() -> None:
    """The lag is 0 within the objective, grows beyond it, is bounded, and goes back."""
    gauge = LatencyGauge(objective_ms=100)
    for _ in range(20):
        gauge.record(20)
    assert gauge.queue_lag_ms == 0
    for _ in range(20):
        gauge.record(400)
    slow = gauge.queue_lag_ms
    assert 1000 < slow < LAG_MAX_MS
    for _ in range(50):
        gauge.record(100_000)
    assert gauge.queue_lag_ms == LAG_MAX_MS
    for _ in range(100):
        gauge.record(20)
    assert gauge.queue_lag_ms == 0


def test_clients_are_asked_to_wait_while_the_database_is_away() -> None:
    """An unreachable database asks for a pause at once, and its return ends it."""
    gauge = LatencyGauge(objective_ms=100)
    gauge.record_unreachable()
    assert gauge.queue_lag_ms == UNREACHABLE_LAG_MS
    gauge.record(5)
    assert gauge.queue_lag_ms == 0


@pytest.mark.parametrize(
    ("held", "needed", "answer"),
    [
        ({"admin:read"}, "admin:read", True),
        ({"admin:write"}, "admin:read", True),
        ({"admin:super"}, "admin:breakglass", True),
        ({"admin:read"}, "admin:write", False),
        (set(), "admin:read", False),
        ({"other"}, "other", True),
        ({"admin:super"}, "other", False),
    ],
)
def test_a_scope_includes_those_before_it(held: set[str], needed: str, answer: bool) -> None:
    """admin:read < admin:write < admin:breakglass < admin:super."""
    assert scopes.holds(frozenset(held), needed) is answer
