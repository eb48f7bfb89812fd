"""Every minute: send a worker to each organisation with new events, and measure how long the oldest has waited."""

from rollcall.edge import job, observe, wiring_rollup
from rollcall.flows import rollup


@job.entry("rollup")
def handler(run: job.Run) -> job.Done:
    """Tell how many organisations were sent a worker, and how many events of another cluster were settled."""
    store = wiring_rollup.rollup_store()
    settled = rollup.rebase(store, run.remaining_seconds)
    sent = rollup.dispatch(store, wiring_rollup.send)
    lag_ms = round(1000 * (store.lag_seconds() or 0))
    observe.measure("rollup_lag_ms", lag_ms)
    observe.count(rollup_dispatched=sent)
    return job.Done(sent, {"dispatched": sent, "settled": settled, "lag_ms": lag_ms})
