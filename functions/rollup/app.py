"""Every minute: queue a worker for each organisation with new events, and measure how long the oldest waits."""

from rollcall.edge.runtime import observe
from rollcall.edge.triggers import job
from rollcall.edge.wiring import rollups as wiring_rollups
from rollcall.flows import rollups


@job.entry("rollup")
def handler(run: job.Run) -> job.JobResult:
    """Return for how many organisations a worker was queued, and how many events of another cluster were settled."""
    store = wiring_rollups.rollup_store()
    settled = rollups.rebase(store, run.remaining_seconds)
    sent = rollups.dispatch(store, wiring_rollups.send)
    lag_ms = round(1000 * (store.lag_seconds() or 0))
    observe.measure("rollup_lag_ms", lag_ms)
    observe.count(rollup_dispatched=sent)
    return job.JobResult(sent, {"dispatched": sent, "settled": settled, "lag_ms": lag_ms})
