"""Fan-out: how long a change of health takes from the push queue to every socket, on a deployed local stack."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median

import boto3
from rollcall.contracts.health.advice import Advice
from rollcall.contracts.sockets.connection import Push

from workbench.bench.bench import Bench
from workbench.bench.deployed import deployed_stack
from workbench.bench.figures import Figure, Target
from workbench.bench.plan import Plan
from workbench.bench.socket_clients import SocketClients, socket_clients_of
from workbench.stack.emulator import CREDENTIALS
from workbench.stack.state import StackState

SECTION = "fan-out"
FIRST_SEQUENCE = 1_000_000  # far above the sequences of the stack's own health_monitor, which keeps running
WARM_UPS = 2
IN_TIME = Target("lower", 2)


def steps(plan: Plan) -> int:
    """Return the number of steps for the progress display."""
    return 1 + len(plan.sockets) * (1 + plan.rounds)


def measure(bench: Bench) -> list[Figure]:
    """Push a change to growing numbers of sockets."""
    with deployed_stack(bench.home / "stack") as state:
        bench.step(f"{SECTION}: the stack is up")
        return asyncio.run(_measure(bench, state))


async def _measure(bench: Bench, state: StackState) -> list[Figure]:
    figures: list[Figure] = []
    sequence = FIRST_SEQUENCE
    push = _pusher(state)
    async with socket_clients_of(state) as gathered:
        for size in sorted(bench.plan.sockets):
            await gathered.grow(size)
            bench.step(f"{SECTION}: {size} sockets are open")
            rounds: list[list[float]] = []
            for number in range(WARM_UPS + bench.plan.rounds):
                sequence += 1
                seconds = await _round(gathered, push, sequence)
                if number >= WARM_UPS:
                    rounds.append(seconds)
                    bench.step(f"{SECTION}: {size} sockets")
            figures += _figures(size, rounds)
    return figures


async def _round(gathered: SocketClients, push: Callable[[int], None], sequence: int) -> list[float]:
    """Return for each socket the seconds until it got the change, sorted."""
    began = time.monotonic()
    await asyncio.to_thread(push, sequence)
    return [heard_at - began for heard_at in await gathered.hear(sequence)]


def _pusher(state: StackState) -> Callable[[int], None]:
    """Return the flow that puts a change on the push queue, as health_monitor does."""
    queues = boto3.client(
        "sqs",
        endpoint_url=state.aws_endpoint_url,
        region_name=state.aws_region,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    )

    def push(sequence: int) -> None:
        change = Push(
            type="health.delta",
            sequence=sequence,
            previous=sequence - 1,
            sent_at=datetime.now(UTC),
            advice=Advice(flush_interval_ms=5000, batch_size=25),
            public={"status": "down"},
            deployment={"status": "down", "reasons": ["database_unreachable"], "database": {"is_reachable": False}},
        )
        queues.send_message(QueueUrl=state.queues["push"], MessageBody=change.model_dump_json())

    return push


def _figures(size: int, rounds: list[list[float]]) -> list[Figure]:
    name = f"a change to {size:,} sockets"
    return [
        Figure(SECTION, f"{name}: the first has it", "s", [seconds[0] for seconds in rounds]),
        Figure(SECTION, f"{name}: half of them have it", "s", [median(seconds) for seconds in rounds]),
        Figure(SECTION, f"{name}: all have it", "s", [seconds[-1] for seconds in rounds], IN_TIME),
    ]
