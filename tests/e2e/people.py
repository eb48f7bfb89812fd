"""Who sends events to the deployed API: learners and services with tokens, and a record of what they sent."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self, get_args
from uuid import UUID, uuid4

import httpx
from rollcall.contracts.ingest.progress import ProgressKind

from workbench.commands.tokens import TokenSigner

BATCH = "/api/client/progress/batch"
LESSON = "/api/client/progress/lesson"
ANALYTICS = "/api/analytics/events/batch"
ANALYTICS_EVENT = "/api/analytics/events"
SEGMENT = "/v1/batch"
TIMEOUT_SECONDS = 40
TELLING_LENGTH = 8  # a shorter text is found in any log by chance
KINDS = frozenset(get_args(ProgressKind))  # words of Rollcall, of no person; PostgreSQL logs "completed" too

Event = dict[str, Any]


@dataclass
class Sent:
    """What was sent about people, as texts that no log may hold."""

    texts: set[str] = field(default_factory=set)

    def note(self, value: Any) -> None:
        """Remember every text in a value, keys left out."""
        if isinstance(value, str) and len(value) >= TELLING_LENGTH and value not in KINDS:
            self.texts.add(value)
        elif isinstance(value, Mapping):
            self.note_all(value.values())
        elif isinstance(value, list):
            self.note_all(value)

    def note_all(self, values: Iterable[Any]) -> None:
        """Remember every text in these values."""
        for value in values:
            self.note(value)


@dataclass(frozen=True)
class Sender:
    """A bearer of a token."""

    user_id: UUID
    org_ids: tuple[UUID, ...]
    token: str
    http: httpx.Client
    sent: Sent

    def event(self, **changes: Any) -> Event:
        """Return a valid event of this sender, with these members changed."""
        event = {
            "event_id": str(uuid4()),
            "org_id": str(self.org_ids[0]),
            "user_id": str(self.user_id),
            "course_id": f"course-of-{self.org_ids[0]}",
            "lesson_id": f"lesson-of-{self.org_ids[0]}",
            "kind": "progressed",
            "percent": 40,
            "time_spent_seconds": 30,
            "occurred_at": datetime.now(UTC).isoformat(),
        }
        return event | changes

    def events(self, number: int, lessons: int = 4) -> list[Event]:
        """Return that many valid events over some lessons, which all learners of an organisation share."""
        kinds = itertools.cycle(["started", "progressed", "progressed", "completed"])
        return [
            self.event(
                lesson_id=f"lesson-{position % lessons}-of-{self.org_ids[0]}",
                kind=next(kinds),
                percent=(7 * position) % 101,
                time_spent_seconds=position % 60,
            )
            for position in range(number)
        ]

    def send(self, events: list[Event]) -> httpx.Response:
        """Send a batch."""
        self.sent.note_all(events)
        return self.post(BATCH, json={"events": events})

    def send_one(self, event: Event) -> httpx.Response:
        """Send one event to the route for single ones."""
        self.sent.note(event)
        return self.post(LESSON, json=event)

    def happening(self, **changes: Any) -> Event:
        """Return a valid analytics event of this sender, with these members changed; `...` leaves one out."""
        event = {
            "event_id": str(uuid4()),
            "org_id": str(self.org_ids[0]),
            "name": "lesson_viewed",
            "user_id": str(self.user_id),
            "session_id": f"session-of-{self.user_id}",
            "occurred_at": datetime.now(UTC).isoformat(),
            "properties": {"lesson_id": "fractions-3"},
        }
        return {name: value for name, value in (event | changes).items() if value is not ...}

    def happenings(self, number: int) -> list[Event]:
        """Return that many valid analytics events."""
        return [self.happening() for _ in range(number)]

    def tell(self, events: list[Event]) -> httpx.Response:
        """Send a batch of analytics events."""
        self.sent.note_all(events)
        return self.post(ANALYTICS, json={"events": events})

    def tell_one(self, event: Event) -> httpx.Response:
        """Send one analytics event to the route for single ones."""
        self.sent.note(event)
        return self.post(ANALYTICS_EVENT, json=event)

    def get(self, path: str, **query: Any) -> httpx.Response:
        """Read anything, with the token."""
        return self.http.get(path, params=query, headers={"Authorization": f"Bearer {self.token}"})

    def post(self, path: str, headers: Mapping[str, str] | None = None, **body: Any) -> httpx.Response:
        """Send anything, with the token."""
        return self.http.post(path, headers={"Authorization": f"Bearer {self.token}", **(headers or {})}, **body)


@dataclass(frozen=True)
class Api:
    """The deployed API."""

    http: httpx.Client
    signer: TokenSigner
    sent: Sent

    @classmethod
    @contextmanager
    def at(cls, url: str, signer: TokenSigner, sent: Sent) -> Iterator[Self]:
        """Open the API at an address."""
        with httpx.Client(base_url=url, timeout=TIMEOUT_SECONDS) as http:
            yield cls(http, signer, sent)

    def learner(self, *org_ids: UUID, user_id: UUID | None = None) -> Sender:
        """Return a learner of these organisations; of a new one when none is given."""
        return self._sender(org_ids, user_id or uuid4(), "learner")

    def service(self, *org_ids: UUID, scopes: Iterable[str] = ()) -> Sender:
        """Return a service that may send for everyone in these organisations."""
        return self._sender(org_ids, uuid4(), "service", scopes)

    def administrator(self, *org_ids: UUID, scope: str = "admin:read") -> Sender:
        """Return an administrator of these organisations."""
        return self._sender(org_ids, uuid4(), "service", [scope])

    def _sender(self, org_ids: tuple[UUID, ...], user_id: UUID, role: str, scopes: Iterable[str] = ()) -> Sender:
        held = org_ids or (uuid4(),)
        token = self.signer.sign(str(user_id), held, role=role, scopes=scopes)
        self.sent.note_all([str(user_id), token])
        return Sender(user_id, held, token, self.http, self.sent)


def statuses(response: httpx.Response) -> list[str]:
    """Return the status of each receipt in an answer, in order."""
    return [result["status"] for result in response.json()["results"]]


def reasons(response: httpx.Response) -> list[str | None]:
    """Return the reason in each receipt of an answer, in order."""
    return [result.get("reason") for result in response.json()["results"]]
