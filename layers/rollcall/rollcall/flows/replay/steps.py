"""Replay: apply accepted events of a window again. One step for each source of this kind of operation.

`events` rebuilds projections from stored events. `spool` and `dead_letters` apply archived messages through the same
procedures as load, so that events which are stored already are duplicates.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol
from uuid import UUID

from pydantic import ValidationError

from rollcall.contracts.ingest.spool import SpooledBatch
from rollcall.contracts.operations import Operation
from rollcall.contracts.times import read_kept_time
from rollcall.domain.ingest.accepted_window import AcceptedWindow
from rollcall.errors import PoisonedMessage, RollcallError, Unavailable
from rollcall.flows.ingest.archive import folder
from rollcall.flows.ingest.load import SpoolStore, load_spooled
from rollcall.flows.operations.work import Chunk, RecordedStep, Step, StepResult

LEARNERS_MAX = 25  # learners that one chunk locks: their batches wait for the chunk, and give up after four seconds
OBJECTS_MAX = 20

Apply = Callable[[bytes, Operation], Counter[str]]
"""Applies an archived message for an operation, and returns counts. It applies only events of the operation's
organisation, and of its user if the parameters have a user_id. A dry run only counts. Raises Unavailable when the chunk
should be tried again, and another RollcallError when the message cannot be applied."""


class ProgressRebuilder(Protocol):
    """Rebuilds projections for a replay; raises StoreUnavailable."""

    def replay_progress(
        self, operation: Operation, lease_id: UUID, lease_seconds: float, learners_max: int
    ) -> Operation | None:
        """Do the next chunk, and return the operation afterwards, or None when the lease was lost."""


class Objects(Protocol):
    """The archive; raises ObjectsUnavailable."""

    def get(self, key: str) -> bytes:
        """Return an object; raises ObjectMissing."""

    def keys_after(self, prefix: str, start_after: str, limit: int) -> list[str]:
        """Return the next keys below a prefix, in order."""


def replay_events(store: ProgressRebuilder) -> Step:
    """Return the step that rebuilds the projections of the next learners. A unit is a learner."""

    def step(operation: Operation, chunk: Chunk) -> RecordedStep:
        learners_max = min(chunk.units_max or LEARNERS_MAX, LEARNERS_MAX)
        latest = store.replay_progress(operation, chunk.lease_id, chunk.lease_seconds, learners_max)
        passed = latest.counts["learners"] - operation.counts.get("learners", 0) if latest else 0
        return RecordedStep(latest, passed)

    return step


def _never(_org_id: UUID, _key: str) -> bool:
    return False


@dataclass(frozen=True)
class ReplayArchive:
    """The step that applies the archived objects of a window's days (UTC), day by day. A unit is an object.

    An object that cannot be read or applied counts as `failed`, and does not stop the others. A dead letter that a
    person discarded is not applied (`discarded`). `total` and `done` are days.
    """

    objects: Objects
    source: str
    apply: Apply
    is_given_up: Callable[[UUID, str], bool] = _never

    def __call__(self, operation: Operation, chunk: Chunk) -> StepResult:
        """Apply the next objects."""
        prefix, days = folder(self.source, operation.org_id), _days(operation)
        after = operation.cursor["key"] if operation.cursor else f"{prefix}{days[0]}"
        objects_max = min(chunk.units_max or OBJECTS_MAX, OBJECTS_MAX)
        listed = self.objects.keys_after(prefix, after, objects_max)
        keys = [key for key in listed if _day_of(key, prefix) <= days[-1]]
        counts: Counter[str] = Counter({"objects": len(keys)})
        for key in keys:
            counts += self._apply(key, operation)
        is_done = len(keys) < objects_max
        last = keys[-1] if keys else after
        passed = len(days) if is_done else bisect_left(days, _day_of(last, prefix))
        counts["done"] = passed - operation.counts.get("done", 0)
        if operation.cursor is None:
            counts["total"] = len(days)
        return StepResult(counts, {"key": last}, is_done, len(keys))

    def _apply(self, key: str, operation: Operation) -> Counter[str]:
        if self.is_given_up(operation.org_id, key):
            return Counter(discarded=1)
        try:
            return self.apply(self.objects.get(key), operation)
        except Unavailable:
            raise
        except RollcallError:
            return Counter(failed=1)


def _days(operation: Operation) -> list[str]:
    first = read_kept_time(operation.parameters["from"]).date()
    last: date = (read_kept_time(operation.parameters["to"]) - timedelta.resolution).date()
    return [(first + timedelta(days=number)).isoformat() for number in range((last - first).days + 1)]


def _day_of(key: str, prefix: str) -> str:
    return key.removeprefix(prefix).partition("/")[0]


def first_that_reads(*applies: Apply) -> Apply:
    """Return a function that tries these in turn until one can read the message; raises PoisonedMessage if none can."""

    def apply(body: bytes, operation: Operation) -> Counter[str]:
        for way in applies:
            with suppress(PoisonedMessage):
                return way(body, operation)
        raise PoisonedMessage

    return apply


def apply_spooled(store: SpoolStore, now: Callable[[], datetime], retention: timedelta) -> Apply:
    """Return the function that applies an archived spool batch. Events past retention are left out (`expired`)."""

    def apply(body: bytes, operation: Operation) -> Counter[str]:
        batch = _read(body)
        user_id = operation.parameters.get("user_id")
        window = AcceptedWindow.at(now(), retention)
        meant = [
            event
            for event in batch.events
            if event.org_id == operation.org_id and user_id in {None, str(event.user_id)}
        ]
        events = [event for event in meant if event.occurred_at >= window.opens_at]
        counts = Counter(events=len(events), expired=len(meant) - len(events))
        if events and not operation.is_dry_run:
            part = batch.model_copy(update={"org_ids": [operation.org_id], "events": events})
            loaded = load_spooled(part.model_dump_json(exclude_none=True), store)
            counts += loaded.counts + Counter(failed_events=len(loaded.unfit))
        return +counts

    return apply


def _read(body: bytes) -> SpooledBatch:
    try:
        return SpooledBatch.model_validate_json(body)
    except ValidationError as invalid:
        raise PoisonedMessage(f"{invalid.error_count()} faults in an archived batch.") from None
