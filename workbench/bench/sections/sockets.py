"""Compares the acknowledgement of a progress batch on a socket with the answer over HTTP, on a local stack.

One client sends one batch at a time, by the two ways in turn, so that load on the machine affects both.
"""

import http.client
import json
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import httpx
from websockets.sync.client import connect

from workbench.bench.bench import Bench
from workbench.bench.deployed import deployed_stack
from workbench.bench.figures import Figure, percentile
from workbench.bench.plan import Plan
from workbench.commands.tokens import TokenSigner
from workbench.errors import WorkbenchError
from workbench.stack.state import StackState

SECTION = "sockets"
EVENTS = 25
WARM_UPS = 20
OPEN_SECONDS = 60
PATH = "/api/client/progress/batch"
HTTP, SOCKET = "HTTP", "socket"
# One client sends as fast as it gets answers.
NO_LIMIT = {"ProgressServiceRatePerSecond": "100000", "ProgressServiceRateBurst": "100000"}

Send = Callable[[list[dict[str, Any]]], dict[str, Any]]
"""Sends a batch and returns the answer, which includes counts."""


def steps(plan: Plan) -> int:
    """Return the number of steps for the progress display."""
    return 1 + plan.rounds


def measure(bench: Bench) -> list[Figure]:
    """Measure rounds of pairs."""
    rounds: list[dict[str, list[float]]] = []
    with deployed_stack(bench.home / "stack", NO_LIMIT) as state:
        bench.step(f"{SECTION}: the stack is up")
        org_id = uuid4()
        token = TokenSigner(state).sign(str(uuid4()), [org_id], role="service")
        with _http(state, token) as post, _socket(state, token) as say:
            ways: dict[str, Send] = {HTTP: post, SOCKET: say}
            _pairs(ways, org_id, WARM_UPS)
            for _ in range(bench.plan.rounds):
                rounds.append(_pairs(ways, org_id, bench.plan.acknowledgements))
                bench.step(f"{SECTION}: {bench.plan.acknowledgements} batches each way")
    return _figures(rounds)


def _pairs(ways: dict[str, Send], org_id: UUID, number: int) -> dict[str, list[float]]:
    """Return the milliseconds of each batch, by way."""
    latencies: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(number):
        # In alternating order, because the second way finds warm caches.
        for name in random.sample(list(ways), len(ways)):
            events = _events(org_id)
            began = time.perf_counter()
            answer = ways[name](events)
            latencies[name].append(1000 * (time.perf_counter() - began))
            if answer.get("counts", {}).get("accepted") != EVENTS:
                raise WorkbenchError(f"A batch was not fully accepted over {name}: {json.dumps(answer)[:300]}")
    return latencies


def _events(org_id: UUID) -> list[dict[str, Any]]:
    learner, now = str(uuid4()), datetime.now(UTC).isoformat()
    return [
        {
            "event_id": str(uuid4()),
            "org_id": str(org_id),
            "user_id": learner,
            "course_id": "algebra",
            "lesson_id": f"lesson-{position}",
            "kind": "progressed",
            "percent": position,
            "time_spent_seconds": 30,
            "occurred_at": now,
        }
        for position in range(EVENTS)
    ]


@contextmanager
def _http(state: StackState, token: str) -> Iterator[Send]:
    """Yield a function that sends over one persistent connection."""
    address = urlsplit(state.http_url)
    connection = http.client.HTTPConnection(address.netloc, timeout=OPEN_SECONDS)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def post(events: list[dict[str, Any]]) -> dict[str, Any]:
        connection.request("POST", address.path + PATH, json.dumps({"events": events}), headers)
        answer: dict[str, Any] = json.loads(connection.getresponse().read())
        return answer

    try:
        yield post
    finally:
        connection.close()


@contextmanager
def _socket(state: StackState, token: str) -> Iterator[Send]:
    """Yield a function that sends on one socket and waits for the receipt."""
    address, headers = f"{state.http_url}/api/socket/tickets", {"Authorization": f"Bearer {token}"}
    ticket = httpx.post(address, headers=headers, timeout=OPEN_SECONDS).json()
    with connect(f"{ticket['url']}?ticket={ticket['ticket']}", open_timeout=OPEN_SECONDS) as connection:

        def say(events: list[dict[str, Any]]) -> dict[str, Any]:
            connection.send(json.dumps({"action": "progress.batch", "batch_id": str(uuid4()), "events": events}))
            answer: dict[str, Any] = json.loads(connection.recv(OPEN_SECONDS))
            return answer

        yield say


def _figures(rounds: list[dict[str, list[float]]]) -> list[Figure]:
    figures = [
        Figure(
            SECTION, f"{EVENTS} a batch, {name}: P{percent}", "ms", [percentile(one[name], percent) for one in rounds]
        )
        for name in (HTTP, SOCKET)
        for percent in (50, 95)
    ]
    ratios = [percentile(one[SOCKET], 95) / percentile(one[HTTP], 95) for one in rounds]
    return [*figures, Figure(SECTION, f"{EVENTS} a batch, socket: P95, ratio to HTTP", "times", ratios)]
