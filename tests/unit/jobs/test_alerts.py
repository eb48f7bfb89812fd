"""Alerts over time: published on a change, repeated hourly, published as over; before a date no alert pages."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import pytest
from rollcall.contracts.jobs.alert import Alert, Severity
from rollcall.domain.jobs import alert_text
from rollcall.domain.jobs.alerts import Decision, decide, decide_all, raise_alert
from rollcall.domain.jobs.findings import Finding

from tests.builders import NOW

SOON = NOW.date() + timedelta(days=1)


def a_finding(severity: Severity = "warn", name: str = "queue_latency") -> Finding:
    return Finding(name, severity, f"It is {severity}.")


@dataclass
class Clock:
    """One alert, looked at minute by minute."""

    page_from: date | None = None
    now: datetime = NOW
    alert: Alert | None = None
    told: list[tuple[int, str, str]] = field(default_factory=list)

    def look(self, finding: Finding | None, minutes: int = 1) -> "Clock":
        """Look so many times, a minute apart, and find the same each time."""
        for _ in range(minutes):
            if self.alert is not None or finding is not None:
                self._decide(decide(self.alert, finding, self.now, self.page_from))
            self.now += timedelta(minutes=1)
        return self

    def _decide(self, decision: Decision) -> None:
        self.alert = None if decision.alert.cleared_at else decision.alert
        if decision.change:
            minute = (self.now - NOW) // timedelta(minutes=1)
            self.told.append((minute, decision.change, decision.audience))


def test_a_message_goes_out_on_a_change_and_hourly() -> None:
    """Not at each look."""
    assert Clock().look(a_finding(), 125).told == [(0, "raised", "warn"), (60, "repeated", "warn"),
                                                   (120, "repeated", "warn")]  # fmt: skip


def test_what_gets_worse_is_told_at_once() -> None:
    """To those who are paged."""
    clock = Clock().look(a_finding(), 3).look(a_finding("page"), 2)
    assert clock.told == [(0, "raised", "warn"), (3, "escalated", "page")]


def test_it_is_over_when_it_was_not_found_for_five_minutes() -> None:
    """The end goes to the same audience as the alert."""
    clock = Clock().look(a_finding("page"), 2).look(None, 10)
    assert clock.told == [(0, "raised", "page"), (6, "cleared", "page")]
    assert clock.alert is None


def test_what_comes_and_goes_is_one_alert() -> None:
    """Found every third minute for half an hour: one message, and one when it is over."""
    clock = Clock()
    for _ in range(10):
        clock.look(a_finding()).look(None, 2)
    assert clock.look(None, 10).told == [(0, "raised", "warn"), (32, "cleared", "warn")]


def test_what_gets_better_settles_first_and_whoever_was_paged_hears_it() -> None:
    """From a page to a warning after five minutes; repeats then go to who is warned."""
    clock = Clock().look(a_finding("page"), 2).look(a_finding(), 70)
    assert clock.told == [(0, "raised", "page"), (6, "eased", "page"), (66, "repeated", "warn")]


def test_raised_again_it_begins_anew() -> None:
    """With a time of its own."""
    clock = Clock().look(a_finding()).look(None, 10).look(a_finding())
    assert [change for _, change, _ in clock.told] == ["raised", "cleared", "raised"]
    assert clock.alert is not None
    assert clock.alert.raised_at == NOW + timedelta(minutes=11)


def test_before_its_date_a_page_is_a_warning_and_on_it_pages() -> None:
    """An alert that lasts past the date is published anew, to the people on call."""
    clock = Clock(page_from=SOON).look(a_finding(), 2).look(a_finding("page"), 3)
    assert clock.told == [(0, "raised", "warn"), (2, "escalated", "warn")]
    clock.now = datetime(SOON.year, SOON.month, SOON.day, tzinfo=NOW.tzinfo)
    assert clock.look(a_finding("page"), 2).told[2][1:] == ("escalated", "page")


def test_each_alert_is_decided_on_its_own() -> None:
    """What is found, and what is active and not found any more."""
    active = [raise_alert(a_finding(name=name), NOW - timedelta(hours=2), None).alert for name in ("a", "b")]
    decided = decide_all(active, [a_finding(name="b"), a_finding(name="c")], NOW, None)
    assert [(decision.alert.name, decision.change) for decision in decided] == [
        ("a", "cleared"), ("b", "repeated"), ("c", "raised"),
    ]  # fmt: skip


def test_nothing_is_decided_about_nothing() -> None:
    """Who asks has an alert or a finding."""
    with pytest.raises(ValueError, match="neither"):
        decide(None, None, NOW, None)


def test_a_message_says_what_since_when_and_where_to_read_on() -> None:
    """And, while pages are held back, that it would page."""
    alert = raise_alert(a_finding("page", "job_failures:retention"), NOW, SOON).alert
    assert alert_text.subject_of(alert, "raised", "prod") == "[PAGE] Rollcall prod: job_failures:retention"
    text = alert_text.text_of(alert, "raised")
    assert text.startswith("It is page.\n\nSince 2026-03-10 12:00 UTC.\nThis would page.")
    assert text.endswith("docs/runbooks/job-failure-surge.md")
    over = alert.model_copy(update={"cleared_at": NOW + timedelta(hours=1)})
    assert alert_text.subject_of(over, "cleared", "prod") == "[PAGE] Rollcall prod: over: job_failures:retention"
    assert "not found any more at 2026-03-10 13:00 UTC." in alert_text.text_of(over, "cleared")


def test_a_subject_is_as_short_as_sns_takes_it() -> None:
    """Whatever the deployment is called."""
    alert = raise_alert(a_finding(), NOW, None).alert
    assert len(alert_text.subject_of(alert, "escalated", "e" * 120)) == 100
