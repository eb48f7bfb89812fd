"""Analytics events as learning apps send them, from a fixed seed: most clean, some with personal values."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

BEGIN = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
LEARNERS = 400
SAYS_TOO_MUCH = 0.2  # share of events with texts from forms, error messages and debugging
SUBJECTS = ("mathematics", "reading", "science", "history", "music", "german")
COMMENTS = (
    "I like this one, it was fun and not too hard at the end",
    "my mum {first} says write to {email} or call {phone}",
    "we live in {street} 12 and I am ten years old",
    "can I do this again tomorrow? the second part was broken",
)


class Tracking:
    """Makes events. The same seed gives the same events."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._clock = BEGIN

    def events(self, count: int) -> list[dict[str, Any]]:
        """Return so many events."""
        return [self.event() for _ in range(count)]

    def event(self) -> dict[str, Any]:
        """Return one event as it comes over HTTP."""
        choose = self._random
        name, properties = choose.choice(SHAPES)(self)
        self._clock += timedelta(milliseconds=choose.randrange(5_000))
        if choose.random() < SAYS_TOO_MUCH:
            properties |= self._too_much()
        learner = choose.randrange(LEARNERS)
        return {
            "event_id": str(UUID(int=choose.getrandbits(128), version=4)),
            "name": name,
            "occurred_at": self._clock.isoformat(),
            "user_id": str(UUID(int=random.Random(learner).getrandbits(128), version=4)),
            "session_id": f"s-{learner}-{self._clock:%Y%m%d}",
            "properties": properties,
        }

    def place(self) -> dict[str, Any]:
        """Return a course and a lesson."""
        choose = self._random
        subject = choose.choice(SUBJECTS)
        return {
            "course_id": f"{subject}-{choose.randrange(1, 9)}",
            "lesson_id": f"lesson-{choose.randrange(4_000)}",
            "subject": subject,
            "app_version": "4.12.1",
            "device_type": choose.choice(("tablet", "phone", "desktop")),
            "locale": choose.choice(("en-GB", "de-DE", "fr-FR")),
        }

    def number(self, most: int) -> int:
        """Return a number below this one."""
        return self._random.randrange(most)

    def _too_much(self) -> dict[str, Any]:
        choose = self._random
        first = choose.choice(("Jane", "Omar", "Mia", "Noah", "Zoe", "Liam"))
        email = f"{first.lower()}.{choose.randrange(10_000)}@example.org"
        phone = f"+44 20 7946 {choose.randrange(10_000):04}"
        details = {
            "userEmail": email,
            "firstName": first,
            "comment": choose.choice(COMMENTS).format(first=first, email=email, phone=phone, street="Mill Lane"),
            "url": f"https://app.example.org/lessons/{choose.randrange(4_000)}?user={email}",
            "ip": f"203.0.113.{choose.randrange(256)}",
        }
        return dict(choose.sample(sorted(details.items()), k=choose.randrange(1, 4)))


def _lesson(tracking: Tracking) -> tuple[str, dict[str, Any]]:
    return "lesson_completed", tracking.place() | {
        "percent": tracking.number(101),
        "time_spent_seconds": tracking.number(3_600),
        "attempt": 1 + tracking.number(3),
        "is_offline": False,
        "completed_at": "2026-03-02T08:15:30.250Z",
    }


def _video(tracking: Tracking) -> tuple[str, dict[str, Any]]:
    return "video_played", tracking.place() | {
        "video_id": f"v{tracking.number(10**9)}",
        "position_seconds": tracking.number(9_000) / 10,
        "playback_rate": 1.25,
        "quality": "720p",
        "captions": True,
        "fullscreen": False,
    }


def _quiz(tracking: Tracking) -> tuple[str, dict[str, Any]]:
    answers = [
        {"question_id": f"q{index}", "choice_id": "abcd"[tracking.number(4)], "correct": tracking.number(3) > 0,
         "duration_ms": tracking.number(60_000)}
        for index in range(5)
    ]  # fmt: skip
    return "Quiz Submitted", tracking.place() | {
        "quizId": f"quiz-{tracking.number(500)}",
        "score": tracking.number(11),
        "maxScore": 10,
        "answers": answers,
    }


def _page(tracking: Tracking) -> tuple[str, dict[str, Any]]:
    return "page", {
        "url": f"https://app.example.org/courses/{tracking.number(90)}/lessons/{tracking.number(4_000)}",
        "title": "Fractions, part two: adding them up",
        "referrer": "https://app.example.org/home",
        "section": "lessons",
        "context": {
            "library": {"name": "analytics.js", "version": "2.1.0"},
            "locale": "en-GB",
            "timezone": "Europe/London",
            "screen": {"width": 1180, "height": 820, "density": 2},
            "userAgent": "Mozilla/5.0 (iPad; CPU OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)",
        },
    }


def _exercise(tracking: Tracking) -> tuple[str, dict[str, Any]]:
    return "exercise_answered", tracking.place() | {
        "exercise_id": f"ex-{tracking.number(20_000)}",
        "correct": tracking.number(2) == 0,
        "attempts": 1 + tracking.number(4),
        "hintsUsed": tracking.number(2),
        "duration_ms": tracking.number(90_000),
        "question_type": "multiple-choice",
    }


SHAPES: tuple[Callable[[Tracking], tuple[str, dict[str, Any]]], ...] = (_lesson, _video, _quiz, _page, _exercise)
