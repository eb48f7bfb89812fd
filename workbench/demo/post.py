"""Sends batches to the HTTP API over several connections at once, and measures the answers."""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from statistics import quantiles

import httpx
from rollcall.contracts.ingest.progress import EVENTS

from workbench.commands.tokens import TokenSigner
from workbench.demo.oulad import LearnerBatch
from workbench.errors import WorkbenchError

PATH = "/api/client/progress/batch"
TRIES = 20
TIMEOUT_SECONDS = 60
TOO_MANY, UNAVAILABLE, BAD_GATEWAY = 429, 503, 502


@dataclass
class Tally:
    """The answers: events by status, rejections by reason, and the latency of each batch in seconds."""

    statuses: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    waited: int = 0
    seconds: float = 0

    @property
    def events(self) -> int:
        """How many events were answered."""
        return self.statuses.total()

    def percentile_ms(self, percent: int) -> float:
        """Return a percentile of the batches' latency in milliseconds."""
        return 1000 * quantiles(self.latencies, n=100, method="inclusive")[percent - 1]


def post_all(
    url: str, signer: TokenSigner, batches: Iterable[LearnerBatch], connections: int, advance: Callable[[int], object]
) -> Tally:
    """Send every batch until it is answered. `advance` gets the number of events of each answer."""
    tally = Tally()
    started = time.perf_counter()
    with (
        httpx.Client(base_url=url, timeout=TIMEOUT_SECONDS) as client,
        ThreadPoolExecutor(connections) as pool,
    ):
        answers = pool.map(lambda batch: _post(client, signer, batch, tally), batches)
        for answer in answers:
            for result in answer["results"]:
                tally.statuses[result["status"]] += 1
                if reason := result.get("reason"):
                    tally.reasons[reason] += 1
            advance(len(answer["results"]))
    tally.seconds = time.perf_counter() - started
    return tally


def _post(
    client: httpx.Client, signer: TokenSigner, batch: LearnerBatch, tally: Tally
) -> dict[str, list[dict[str, str]]]:
    headers = {
        "Authorization": f"Bearer {signer.sign(str(batch.user_id), sorted(batch.org_ids))}",
        "Content-Type": "application/json",
    }
    body = b'{"events":' + EVENTS.dump_json(list(batch.events), exclude_none=True) + b"}"
    for _ in range(TRIES):
        started = time.perf_counter()
        response = client.post(PATH, content=body, headers=headers)
        if response.status_code not in {TOO_MANY, UNAVAILABLE, BAD_GATEWAY}:
            tally.latencies.append(time.perf_counter() - started)
            answer: dict[str, list[dict[str, str]]] = response.json()
            if "results" not in answer:
                raise WorkbenchError(f"The API answered {response.status_code}: {response.text[:300]}")
            return answer
        # As every client should, wait as long as the answer asks, then send the same batch again.
        tally.waited += 1
        time.sleep(float(response.headers.get("Retry-After", 1)))
    raise WorkbenchError(f"The API still answers {response.status_code} after {TRIES} tries.")
