"""Over HTTP: Rollcall's function behind a thin server, and Express with pg calling the same procedure."""

from workbench.bench.bench import Bench, Outcome
from workbench.bench.figures import Figure, Target, percentile
from workbench.bench.fill import fill_projections
from workbench.bench.plan import Plan
from workbench.bench.reset import forget_events
from workbench.bench.servers import express_servers, node_is_here, rollcall_servers
from workbench.bench.web_client import HttpCallee

SECTION = "over HTTP"
EVENTS = 25
OURS, EXPRESS = "rollcall", "Express + pg"
CONNECTIONS_PER_SERVER = 2
ABOVE = Target("higher", 1)


def contenders() -> list[str]:
    """Return the contenders. Express needs node and npm."""
    return [OURS, EXPRESS] if node_is_here() else [OURS]


def steps(plan: Plan) -> int:
    """Return the number of steps for the progress display."""
    return plan.rounds * len(contenders())


def measure(bench: Bench) -> list[Figure]:
    """Measure the closed loop over HTTP, in turn."""
    fill_projections(bench.database, "rollcall", 0, bench.plan.learners)
    outcomes: dict[str, list[Outcome]] = {name: [] for name in contenders()}
    for _ in range(bench.plan.rounds):
        for name, of_name in outcomes.items():
            forget_events(bench.database)
            of_name.append(_run(bench, name))
            bench.step(f"{SECTION}: {name}")
    return [figure for name, of_name in outcomes.items() for figure in _figures(name, of_name)] + _ratio(outcomes)


def _run(bench: Bench, name: str) -> Outcome:
    count = max(1, bench.plan.workers // CONNECTIONS_PER_SERVER)
    servers = (
        rollcall_servers(bench.database, count) if name == OURS else express_servers(bench.database, bench.home, count)
    )
    with servers as ports:
        return bench.closed_loop(HttpCallee(tuple(ports)), EVENTS)


def _figures(name: str, outcomes: list[Outcome]) -> list[Figure]:
    prefix = f"{EVENTS} a batch: {name}"
    return [
        Figure(SECTION, prefix, "batches/s", [outcome.batches_per_second for outcome in outcomes]),
        Figure(SECTION, f"{prefix}: P50", "ms", [percentile(outcome.latencies_ms, 50) for outcome in outcomes]),
        Figure(SECTION, f"{prefix}: P95", "ms", [percentile(outcome.latencies_ms, 95) for outcome in outcomes]),
    ]


def _ratio(outcomes: dict[str, list[Outcome]]) -> list[Figure]:
    if EXPRESS not in outcomes:
        return []
    pairs = zip(outcomes[OURS], outcomes[EXPRESS], strict=True)
    ratios = [ours.batches_per_second / theirs.batches_per_second for ours, theirs in pairs]
    return [Figure(SECTION, f"{EVENTS} a batch: ratio to {EXPRESS}", "times", ratios, ABOVE)]
