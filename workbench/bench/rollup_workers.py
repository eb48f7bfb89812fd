"""Rollup workers on the bench. They share the organisations: a free worker takes the next one."""

import heapq
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from rollcall.flows.rollups import CHUNK_EVENTS, DISPATCH_MAX, TOKEN_SECONDS, Rollup
from rollcall.store.rollups.rollups import RollupStore

if TYPE_CHECKING:
    from rollcall.contracts.rollups import RollupMessage

IDLE_SECONDS = 0.01


@dataclass(frozen=True)
class RunStats:
    """The result of the workers: number of events, milliseconds of each call, and seconds until all were done."""

    events: int
    calls_ms: list[float]
    seconds: float


def fold(stores: list[RollupStore], org_ids: Iterable[UUID]) -> RunStats:
    """Fold all progress events of these organisations, with a worker for each store."""

    def fold_one(store: RollupStore, org_id: UUID) -> Iterable[Callable[[], int]]:
        is_behind = True

        def chunk() -> int:
            nonlocal is_behind
            count = store.fold_events(org_id, "progress", None, 0, CHUNK_EVENTS).event_count
            is_behind = count >= CHUNK_EVENTS
            return count

        while is_behind:
            yield chunk

    return _share(stores, org_ids, fold_one)


def rebuild(stores: list[RollupStore], org_ids: Iterable[UUID], days: list[date]) -> RunStats:
    """Compute these days of these organisations again, with a worker for each store."""

    def rebuild_one(store: RollupStore, org_id: UUID) -> Iterable[Callable[[], int]]:
        def rebuild_day(day: date) -> int:
            return store.rebuild_day(org_id, day).progress or 0

        for day in days:
            yield partial(rebuild_day, day)

    return _share(stores, org_ids, rebuild_one)


def _share(
    stores: list[RollupStore],
    org_ids: Iterable[UUID],
    work: Callable[[RollupStore, UUID], Iterable[Callable[[], int]]],
) -> RunStats:
    waiting = deque(org_ids)

    def labour(store: RollupStore) -> tuple[int, list[float]]:
        events, calls_ms = 0, []
        while waiting:
            try:
                org_id = waiting.popleft()
            except IndexError:
                break
            for call in work(store, org_id):
                began_at = time.perf_counter()
                events += call()
                calls_ms.append(1000 * (time.perf_counter() - began_at))
        return events, calls_ms

    started_at = time.monotonic()
    with ThreadPoolExecutor(len(stores)) as pool:
        done = list(pool.map(labour, stores))
    seconds = time.monotonic() - started_at
    return RunStats(sum(events for events, _ in done), [ms for _, calls in done for ms in calls], seconds)


class DeployedWorkers:
    """Workers as they are deployed: they get the dispatcher's messages, which come back when the flow asks."""

    def __init__(self, stores: list[RollupStore]) -> None:
        self._stores = stores
        self._due: list[tuple[float, str, RollupMessage]] = []
        self.ends = False

    def run(self) -> None:
        """Work until `end` is called."""
        with ThreadPoolExecutor(len(self._stores)) as pool:
            list(pool.map(self._labour, self._stores))

    def end(self) -> None:
        """Stop the workers."""
        self.ends = True

    def dispatch(self, store: RollupStore) -> None:
        """Dispatch once, as the schedule does."""
        for message in store.backlog(TOKEN_SECONDS, DISPATCH_MAX):
            heapq.heappush(self._due, (time.monotonic(), str(message.ticket_id), message))

    def _labour(self, store: RollupStore) -> None:
        worker = Rollup(store, time.monotonic)
        while not self.ends:
            try:
                due_at, key, message = heapq.heappop(self._due)
            except IndexError:
                time.sleep(IDLE_SECONDS)
                continue
            if due_at > time.monotonic():
                heapq.heappush(self._due, (due_at, key, message))
                time.sleep(IDLE_SECONDS)
                continue
            again = worker.work(message, 0).again_in_seconds
            if again is not None:
                heapq.heappush(self._due, (time.monotonic() + again, key, message))
