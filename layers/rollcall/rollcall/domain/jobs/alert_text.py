"""The text of an alert, for people: what, since when, where to read on. No organisation, no person."""

from datetime import datetime

from rollcall.contracts.jobs.alert import Alert
from rollcall.domain.jobs.alerts import Change

SUBJECT_CHARACTERS_MAX = 100  # SNS's own
TEST = "test_alert"
RUNBOOKS = {
    "job_failures": "job-failure-surge",
    "job_missed": "job-failure-surge",
    "queue_latency": "queue-backlog",
    "ingest_lag": "queue-backlog",
    "rollup_lag": "queue-backlog",
    TEST: "README",
}
WORDS: dict[Change, str] = {
    "raised": "",
    "escalated": "worse: ",
    "eased": "better: ",
    "repeated": "still: ",
    "cleared": "over: ",
}


def subject_of(alert: Alert, change: Change, environment: str) -> str:
    """Return one line: how bad, where, what."""
    return f"[{alert.severity.upper()}] Rollcall {environment}: {WORDS[change]}{alert.name}"[:SUBJECT_CHARACTERS_MAX]


def text_of(alert: Alert, change: Change) -> str:
    """Return the message."""
    lines = [alert.detail, "", f"Since {_minute(alert.raised_at)} UTC."]
    if change == "cleared" and alert.cleared_at is not None:
        lines.append(f"It was not found any more at {_minute(alert.cleared_at)} UTC.")
    if alert.sent_as != alert.severity:
        lines.append("This would page. Pages go out as warnings until the date in PageFrom.")
    runbook = RUNBOOKS[alert.name.partition(":")[0]]
    lines += ["", "Look with `rollcall jobs`.", f"What to do: docs/runbooks/{runbook}.md"]
    return "\n".join(lines)


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"
