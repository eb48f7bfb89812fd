"""Analytics events made ahead: as requests of a client, as queue messages, and as rows for COPY."""

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from rollcall.contracts.caller import Caller
from rollcall.domain.health.backpressure import LatencyGauge
from rollcall.domain.ingest.rate import RateAnswer, RateLimit, RateState
from rollcall.domain.keyring import Keyring
from rollcall.domain.scrub.policy import default_policy
from rollcall.domain.scrub.pseudonym import Pseudonymiser
from rollcall.domain.scrub.scrubber import Scrubber
from rollcall.edge.http.identity import context_of
from rollcall.flows.ingest.analytics import AnalyticsRules, IngestAnalytics
from rollcall.flows.scrub.events import Scrubbing

from workbench.bench import population
from workbench.bench.database import KEYRING

NAMES = ("lesson_viewed", "video_played", "quiz_submitted", "page", "lesson_completed")

Event = dict[str, Any]


def make_happenings(learner: int, events: int, dice: random.Random) -> Iterator[Event]:
    """Yield analytics events as clients write them, with safe and with personal values."""
    now = datetime.now(UTC)
    for number in range(events):
        name = NAMES[number % len(NAMES)]
        yield {
            "event_id": str(UUID(int=dice.getrandbits(128), version=4)),
            "org_id": population.org_id(learner),
            "name": name,
            "user_id": population.user_id(learner),
            "session_id": f"session-{learner}-{number // 10}",
            "occurred_at": (now - timedelta(seconds=events - number, microseconds=dice.randrange(1000))).isoformat(),
            "properties": {
                "lesson_id": population.lesson_id(number % population.LESSONS_PER_LEARNER),
                "course_id": population.course_id(learner, number % population.LESSONS_PER_LEARNER),
                "duration_seconds": dice.randrange(600),
                "score": dice.randrange(100),
                "platform": "android",
                "app_version": "4.2.1",
                "locale": "de-DE",
                "url": f"https://school.example/lessons/{number}?student=kim.{learner}%40mail.example",
                "email": f"kim.{learner}@mail.example",
                "comment": "I liked the part about fractions, call me on +49 151 23456789",
            },
        }


def api_event(learner: int, events: int, dice: random.Random) -> Event:
    """Return the event that API Gateway passes to the analytics function for one batch."""
    caller = Caller.model_validate(
        {
            "subject": population.user_id(learner),
            "role": "learner",
            "org_ids": [population.org_id(learner)],
            "scopes": [],
            "expires_at": int(datetime.now(UTC).timestamp()) + 86_400,
        }
    )
    return {
        "version": "2.0",
        "routeKey": "POST /api/analytics/events/batch",
        "rawPath": "/api/analytics/events/batch",
        "headers": {"content-type": "application/json"},
        "body": json.dumps({"events": list(make_happenings(learner, events, dice))}, separators=(",", ":")),
        "isBase64Encoded": False,
        "requestContext": {
            "authorizer": {"lambda": context_of(caller)},
            "http": {"method": "POST", "path": "/api/analytics/events/batch"},
            "requestId": f"bench-{learner}",
        },
    }


def queued_messages(learners: int, batches: int, events: int) -> Iterator[str]:
    """Yield messages of the analytics queue, made by the real flow: one for each batch."""
    messages: list[str] = []
    flow = _flow(messages)
    dice = random.Random()
    for batch in range(batches):
        learner = batch % learners
        body = json.dumps({"events": list(make_happenings(learner, events, dice))}).encode()
        caller = Caller(
            subject=population.user_id(learner),
            role="learner",
            org_ids=frozenset({UUID(population.org_id(learner))}),
            scopes=frozenset(),
            expires_at=0,
        )
        flow.accept_batch(body, caller)
        yield from messages
        messages.clear()


class _NoReceipts:
    """A receipt store that allows every batch and stores nothing."""

    def announce_batches(self, *_arguments: Any) -> RateAnswer:
        """Allow the batch."""
        return RateAnswer(RateState(9, 200))

    def withdraw_batches(self, _batches: Any) -> None:
        """Note nothing."""

    def note_rejections(self, *_arguments: Any) -> RateAnswer:
        """Note nothing."""
        return RateAnswer(None)


_KEYS = Keyring.read(KEYRING)


def scrubbing_of(org_id: UUID) -> Scrubbing:
    """Return the scrubbing of an organisation's events: the default policy."""
    policy, pseudonymiser = default_policy(), Pseudonymiser(_KEYS, org_id)
    return Scrubbing(Scrubber(policy, pseudonymiser), pseudonymiser, policy)


def _flow(messages: list[str]) -> IngestAnalytics:
    return IngestAnalytics(
        queue=messages.append,
        receipts=_NoReceipts(),
        scrubbing_of=scrubbing_of,
        rules=AnalyticsRules(500, timedelta(days=30), RateLimit(1, 1)),
        gauge=LatencyGauge(100),
        now=lambda: datetime.now(UTC),
        monotonic=lambda: 0.0,
        new_batch_id=uuid4,
    )


def write_messages(path: Path, learners: int, batches: int, events: int) -> int:
    """Write messages, one on each line; return how many events they hold."""
    with path.open("w") as file:
        file.writelines(message + "\n" for message in queued_messages(learners, batches, events))
    return batches * events


def write_copy_rows(path: Path, messages: Path) -> int:
    """Write the rows of these messages in COPY's text format; return how many."""
    rows = 0
    with messages.open() as lines, path.open("w") as file:
        for line in lines:
            batch = json.loads(line)
            for event in batch["events"]:
                rows += 1
                file.write("\t".join(_columns(batch, event)) + "\n")
    return rows


def _columns(batch: Event, event: Event) -> list[str]:
    return [
        batch["org_id"], event["occurred_at"], event["event_id"], batch["received_at"], event["name"],
        event["user_pseudonym"], event["session_pseudonym"], batch["key_id"], _quoted(event["properties"]),
        batch["policy_version"], _quoted(event["remarks"]),
    ]  # fmt: skip


def _quoted(value: Any) -> str:
    return json.dumps(value).replace("\\", "\\\\")
