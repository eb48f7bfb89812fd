"""Publish an alert: one message to the topic of its severity. A synthetic alert takes the same way."""

from collections.abc import Callable
from dataclasses import dataclass

from rollcall.contracts.jobs.alert import PublishedAlert, Severity
from rollcall.domain.jobs import alert_text
from rollcall.domain.jobs.alerts import Change, Decision

Publish = Callable[[Severity, str, str], str]
"""Publishes a subject and a message to the topic of a severity and returns its id; raises TopicUnavailable."""


@dataclass(frozen=True)
class PublishAlert:
    """The flow, with the IO it was given."""

    publish: Publish
    environment: str

    def send(self, decision: Decision, change: Change) -> PublishedAlert:
        """Publish an alert if the decision asks for it, and return what was published; raises TopicUnavailable."""
        subject = alert_text.subject_of(decision.alert, change, self.environment)
        message = alert_text.text_of(decision.alert, change)
        return PublishedAlert(
            severity=decision.alert.severity,
            sent_as=decision.audience,
            subject=subject,
            message=message,
            message_id=self.publish(decision.audience, subject, message),
        )
