"""Batches made ahead, in a file: as events of API Gateway, and as rows for COPY.

They are made before the clock starts, so that only the measured code uses the machine.
"""

import json
import mmap
import random
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rollcall.contracts.caller import Caller
from rollcall.edge.http.identity import context_of

from workbench.bench import population

EVENTS_PER_LESSON = 5
KINDS = ("started", "progressed", "progressed", "progressed", "completed")
ATTRIBUTES = {"platform": "android", "app_version": "4.2.1"}
OFFLINE_LEARNERS = 20  # one learner in so many sends the events of earlier days
OFFLINE_DAYS = 5
ROUTE = "POST /api/client/progress/batch"

Event = dict[str, Any]


@dataclass(frozen=True)
class BatchFile:
    """Prepared batches: one API Gateway event each, as JSON."""

    path: Path
    offsets: "array[int]"

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def open(self) -> "OpenBatches":
        """Open the file, in the process that reads it."""
        with self.path.open("rb") as file:
            return OpenBatches(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), self.offsets)


@dataclass(frozen=True)
class OpenBatches:
    """Prepared batches, ready to be read by position."""

    content: mmap.mmap
    offsets: "array[int]"

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, position: int) -> bytes:
        return self.content[self.offsets[position] : self.offsets[position + 1]]


def write_batches(path: Path, learners: int, batches: int, events: int) -> BatchFile:
    """Write batches with new event ids, learner after learner."""
    offsets = array("Q", [0])
    contexts = [_request_context(learner) for learner in range(learners)]
    now, dice = datetime.now(UTC), random.Random()
    with path.open("wb") as file:
        for batch in range(batches):
            learner = batch % learners
            body = json.dumps({"events": list(make_events(learner, events, now, dice))}, separators=(",", ":"))
            payload = _PAYLOAD | {"requestContext": contexts[learner], "body": body}
            offsets.append(offsets[-1] + file.write(json.dumps(payload).encode()))
    return BatchFile(path, offsets)


def write_rows(path: Path, learners: int, rows: int, events: int) -> int:
    """Write the rows of such batches in COPY's text format, in the table's column order; return how many."""
    now, dice = datetime.now(UTC), random.Random()
    with path.open("w") as file:
        for batch in range(rows // events):
            file.writelines(_copy_line(event, now) for event in make_events(batch % learners, events, now, dice))
    return rows // events * events


def make_events(learner: int, events: int, now: datetime, dice: random.Random) -> Iterator[Event]:
    """Yield one batch's events: a learner going through lessons, a few events in each."""
    first_lesson, ends_at = dice.randrange(population.LESSONS_PER_LEARNER), now
    if learner % OFFLINE_LEARNERS == 0:
        ends_at -= timedelta(days=dice.randrange(OFFLINE_DAYS))
    for number in range(events):
        lesson = (first_lesson + number // EVENTS_PER_LESSON) % population.LESSONS_PER_LEARNER
        step = number % EVENTS_PER_LESSON
        occurred_at = ends_at - timedelta(seconds=10 * (events - number) / events, microseconds=dice.randrange(1000))
        event = {
            "event_id": _random_uuid(dice),
            "org_id": population.org_id(learner),
            "user_id": population.user_id(learner),
            "course_id": population.course_id(learner, lesson),
            "lesson_id": population.lesson_id(lesson),
            "kind": KINDS[step],
            "percent": 25.0 * step,
            "time_spent_seconds": dice.randrange(60),
            "occurred_at": occurred_at.isoformat(),
        }
        yield event if step else event | {"attributes": ATTRIBUTES}


def _random_uuid(dice: random.Random) -> str:
    digits = f"{dice.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def _copy_line(event: Event, received_at: datetime) -> str:
    attributes = json.dumps(event["attributes"]) if "attributes" in event else "\\N"
    return "\t".join(
        (
            event["org_id"], event["user_id"], event["occurred_at"], event["event_id"], received_at.isoformat(),
            "\\N", event["kind"], str(event["time_spent_seconds"]), str(event["percent"]), event["course_id"],
            event["lesson_id"], attributes + "\n",
        )
    )  # fmt: skip


_PAYLOAD: dict[str, Any] = {
    "version": "2.0",
    "routeKey": ROUTE,
    "rawPath": "/api/client/progress/batch",
    "rawQueryString": "",
    "headers": {
        "accept": "application/json",
        "authorization": f"Bearer {'x' * 400}",
        "content-type": "application/json",
        "host": "rollcall.example",
        "user-agent": "rollcall-bench",
        "x-forwarded-for": "203.0.113.7",
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
    },
    "isBase64Encoded": False,
}


def _request_context(learner: int) -> dict[str, Any]:
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
        "accountId": "123456789012",
        "apiId": "bench",
        "authorizer": {"lambda": context_of(caller)},
        "domainName": "rollcall.example",
        "http": {
            "method": "POST",
            "path": "/api/client/progress/batch",
            "protocol": "HTTP/1.1",
            "sourceIp": "203.0.113.7",
            "userAgent": "rollcall-bench",
        },
        "requestId": f"bench-{learner}",
        "routeKey": ROUTE,
        "stage": "$default",
        "time": "01/Jan/2026:00:00:00 +0000",
        "timeEpoch": 1_767_225_600_000,
    }
