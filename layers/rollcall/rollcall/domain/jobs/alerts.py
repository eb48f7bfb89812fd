"""Alerts: when a finding is published, published again, and published as over. Pure: the caller brings the clock."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from rollcall.contracts.jobs.alert import Alert, Severity
from rollcall.domain.jobs.findings import Finding

# While it lasts it is published again, so that one unread message does no harm.
REPEAT = timedelta(hours=1)
# It is over, or better, when it was not found for so long: what comes and goes is one alert, not many.
SETTLING = timedelta(minutes=5)

RANK: dict[Severity, int] = {"warn": 1, "page": 2}

Change = Literal["raised", "escalated", "eased", "repeated", "cleared"]


@dataclass(frozen=True)
class Decision:
    """An alert as it is to be remembered, and the message about it, if one is to go out, and to whom."""

    alert: Alert
    change: Change | None
    audience: Severity


def audience_of(severity: Severity, today: date, page_from: date | None) -> Severity:
    """Return whom an alert goes to: before `page_from` a page is a warning."""
    return "warn" if page_from is not None and today < page_from else severity


def decide_all(
    active: Iterable[Alert], findings: Iterable[Finding], now: datetime, page_from: date | None
) -> list[Decision]:
    """Return what becomes of every alert that is active or found, by name."""
    alerts = {alert.name: alert for alert in active}
    found = {finding.name: finding for finding in findings}
    return [decide(alerts.get(name), found.get(name), now, page_from) for name in sorted(alerts.keys() | found.keys())]


def decide(active: Alert | None, finding: Finding | None, now: datetime, page_from: date | None) -> Decision:
    """Return what becomes of one alert: at least one of the two is given.

    A rising severity is published at once. A falling one, and a clearing, wait until the worse was not found for
    SETTLING.
    """
    if active is None:
        if finding is None:
            raise ValueError("There is neither an alert nor a finding.")
        return raise_alert(finding, now, page_from)
    if finding is not None and RANK[finding.severity] >= RANK[active.severity]:
        return _go_on(active, finding.severity, finding.detail, now, now, page_from)
    if now - active.found_at < SETTLING:
        detail = finding.detail if finding else active.detail
        return _go_on(active, active.severity, detail, active.found_at, now, page_from)
    if finding is None:
        over = active.model_copy(update={"cleared_at": now, "notified_at": now})
        return Decision(over, "cleared", active.sent_as)
    return _go_on(active, finding.severity, finding.detail, now, now, page_from)


def raise_alert(finding: Finding, now: datetime, page_from: date | None) -> Decision:
    """Return a new alert."""
    sent_as = audience_of(finding.severity, now.date(), page_from)
    alert = Alert(
        name=finding.name,
        severity=finding.severity,
        sent_as=sent_as,
        detail=finding.detail,
        raised_at=now,
        found_at=now,
        notified_at=now,
    )
    return Decision(alert, "raised", sent_as)


def _go_on(
    active: Alert, severity: Severity, detail: str, found_at: datetime, now: datetime, page_from: date | None
) -> Decision:
    sent_as = audience_of(severity, now.date(), page_from)
    change = _change(active, severity, sent_as, now)
    alert = active.model_copy(
        update={
            "severity": severity,
            "sent_as": sent_as,
            "detail": detail,
            "found_at": found_at,
            "notified_at": now if change else active.notified_at,
        }
    )
    # The paged person learns that it is a warning now.
    return Decision(alert, change, max(active.sent_as, sent_as, key=RANK.__getitem__))


def _change(active: Alert, severity: Severity, sent_as: Severity, now: datetime) -> Change | None:
    before = (RANK[active.severity], RANK[active.sent_as])
    after = (RANK[severity], RANK[sent_as])
    if after != before:
        return "escalated" if after > before else "eased"
    return "repeated" if now - active.notified_at >= REPEAT else None
