"""Scrubbing: the time for an event, and speed and findings beside Presidio's pattern recognisers.

Times are processor times of this thread only: independent of other load on the machine, and without the thread that
draws the progress display.
"""

import gc
import json
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

from rollcall.domain.keyring import Keyring
from rollcall.domain.scrub.identifiers import find_personal_identifier
from rollcall.domain.scrub.policy import default_policy
from rollcall.domain.scrub.pseudonym import Pseudonymiser
from rollcall.domain.scrub.scrubber import Scrubber

from workbench.bench.bench import Bench
from workbench.bench.figures import Figure, Target
from workbench.bench.plan import Plan
from workbench.bench.presidio.compare import Comparison, LabelledText, Presidio
from workbench.bench.tracked_events import Tracking
from workbench.checkout import here

SECTION = "scrub"
SEED = 20260302
EVENTS, EVENTS_QUICK = 20_000, 3_000
TEXTS, TEXTS_QUICK = 3_000, 600
EVENTS_FOR_PRESIDIO = 500
MEGABYTE = 1_000_000
MICROSECONDS = 1_000_000
SPEED, SPEED_RATIO = Target("higher", 20), Target("higher", 50)
IDENTIFIER = Target("lower", 2)


def steps(plan: Plan) -> int:
    """Return the number of steps for the progress display."""
    return plan.rounds + 2


def measure(bench: Bench) -> list[Figure]:
    """Measure on events and on labelled texts, both from a fixed seed."""
    scrubber = Scrubber(default_policy(), Pseudonymiser(Keyring("bench", {"bench": "b" * 64}), UUID(int=SEED)))
    events = Tracking(SEED).events(EVENTS_QUICK if bench.plan.is_quick else EVENTS)
    figures = _costs(bench, scrubber, events)
    presidio = Presidio(here())
    unavailable = presidio.find_fault()
    bench.step(f"{SECTION}: Presidio's environment")
    if unavailable:
        figures.append(
            Figure(SECTION, f"Presidio could not be installed here ({unavailable}): nothing to compare", "", [0])
        )
    else:
        figures += _compared(bench, scrubber, presidio, events[:EVENTS_FOR_PRESIDIO])
    bench.step(f"{SECTION}: side by side")
    return figures


def _costs(bench: Bench, scrubber: Scrubber, events: list[dict[str, Any]]) -> list[Figure]:
    def as_handler(event: dict[str, Any]) -> None:
        scrubber.scrub_name(event["name"])
        scrubber.scrub_identifier(event["user_id"])
        scrubber.scrub_identifier(event["session_id"])
        scrubber.scrub_properties(event["name"], event["properties"])

    works: dict[str, Callable[[dict[str, Any]], object]] = {
        "an event, as the handler does": as_handler,
        "an event as a document (dead letters)": scrubber.scrub_document,
    }
    size = sum(len(_json(event)) for event in events)
    seconds: dict[str, list[float]] = {name: [] for name in works}
    lookups: list[float] = []
    for work in works.values():
        _seconds(work, events[:500])  # compiles the rules
    for _ in range(bench.plan.rounds):
        for name, work in works.items():
            seconds[name].append(_seconds(work, events))
        lookups.append(_seconds(find_personal_identifier, [f"lesson-{number}" for number in range(100_000)]) * 10)
        bench.step(f"{SECTION}: {len(events):,} events")
    detail = {"bytes_an_event": round(size / len(events)), "events": len(events)}
    figures = [Figure(SECTION, "whether an identifier is personal", "µs", lookups, IDENTIFIER)]
    for name, times in seconds.items():
        target = SPEED if name.endswith("does") else None
        figures += [
            Figure(SECTION, name, "µs", [MICROSECONDS * each / len(events) for each in times], None, detail),
            Figure(SECTION, name, "MB/s", [size / each / MEGABYTE for each in times], target),
        ]
    return figures


def _compared(bench: Bench, scrubber: Scrubber, presidio: Presidio, events: list[dict[str, Any]]) -> list[Figure]:
    texts = presidio.labelled_texts(SEED, TEXTS_QUICK if bench.plan.is_quick else TEXTS)
    rounds = bench.plan.rounds
    found = presidio.recognise([text.text for text in texts], rounds)
    of_events = presidio.recognise([_json(event) for event in events], rounds)
    ours_texts = [_seconds(lambda text: scrubber.scrub_text(text.text), texts) for _ in range(rounds)]
    ours_events = [_seconds(scrubber.scrub_document, events) for _ in range(rounds)]
    size = sum(len(text.text.encode()) for text in texts)
    return [
        *_speeds("events", sum(len(_json(event)) for event in events), ours_events, of_events.seconds, SPEED_RATIO),
        *_speeds("evaluation texts, each with something to find", size, ours_texts, found.seconds, None),
        *_qualities(texts, Comparison.of(scrubber.policy.texts, texts), Comparison(found.spans)),
    ]


def _speeds(what: str, size: int, ours: list[float], theirs: list[float], target: Target | None) -> list[Figure]:
    ratios = [their / our for our, their in zip(ours, theirs, strict=True)]
    return [
        Figure(SECTION, f"{what}: rollcall", "MB/s", [size / seconds / MEGABYTE for seconds in ours]),
        Figure(SECTION, f"{what}: Presidio", "MB/s", [size / seconds / MEGABYTE for seconds in theirs]),
        Figure(SECTION, f"{what}: ratio", "times", ratios, target),
    ]


def _qualities(texts: list[LabelledText], ours: Comparison, theirs: Comparison) -> list[Figure]:
    figures = []
    for kind in sorted({label.kind for text in texts for label in text.labels}):
        our_recall, their_recall = ours.recall(texts, kind), theirs.recall(texts, kind)
        our_precision, their_precision = ours.precision(texts, kind), theirs.precision(texts, kind)
        figures += [
            Figure(SECTION, f"recall of {kind}: rollcall", "%", [our_recall], Target("higher", their_recall)),
            Figure(SECTION, f"recall of {kind}: Presidio", "%", [their_recall]),
            Figure(SECTION, f"precision of {kind}: rollcall", "%", [our_precision]),
            Figure(SECTION, f"precision of {kind}: Presidio", "%", [their_precision]),
        ]
    return figures


def _seconds(work: Callable[[Any], object], items: list[Any]) -> float:
    # Freeze objects that a function would not have, so that the garbage collector does not visit them.
    gc.collect()
    gc.freeze()
    began = time.thread_time()
    for item in items:
        work(item)
    seconds = time.thread_time() - began
    gc.unfreeze()
    return seconds


def _json(event: dict[str, Any]) -> str:
    return json.dumps(event, separators=(",", ":"))
