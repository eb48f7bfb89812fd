"""Builds the parts that measure, publish and read health."""

import time
from collections.abc import Mapping
from dataclasses import replace
from functools import cache

import rollcall
from rollcall.contracts.health.health import HealthState, HealthStatus
from rollcall.contracts.jobs.job import QueueDepth
from rollcall.domain.health.status import stale_after
from rollcall.domain.jobs.schedule import JOBS
from rollcall.edge.runtime import clock, observe, settings
from rollcall.edge.wiring import environment
from rollcall.edge.wiring.ingest import progress as wiring_ingest
from rollcall.edge.wiring.sockets import tables as wiring_sockets
from rollcall.errors import RollcallError
from rollcall.flows.health.compose import ComposeHealth, Deployment
from rollcall.flows.health.measure import MeasureHealth
from rollcall.flows.health.monitor import HealthMonitor
from rollcall.flows.health.publish import PublishHealth
from rollcall.flows.health.read import ReadHealth
from rollcall.flows.ingest.flags import FlagReader, Trouble
from rollcall.store.connection import ANSWER_TIMEOUT_SECONDS
from rollcall.store.health.advice import AdviceStore
from rollcall.store.health.health import HealthStore
from rollcall.store.jobs.watchdog import WatchdogStore

# A database that does not answer a minimal query within this time counts as away.
PROBE_TIMEOUT_SECONDS = 2
# Share of the client's timeout: the server cancels a statement first, so that no abandoned statement runs on.
STATEMENT_SHARE = 0.8
QUEUES = ("spool", "analytics", "rollup", "operations", "schedule_dead_letter")
RANKS: Mapping[HealthStatus, int] = {"ok": 0, "degraded": 1, "down": 2}


@cache
def measure(patience_seconds: float) -> MeasureHealth:
    """Return the flow that measures health. It waits for each measure at most `patience_seconds`."""
    database = environment.database(patience_seconds, STATEMENT_SHARE * patience_seconds)
    return MeasureHealth(
        store=HealthStore(database, environment.database(PROBE_TIMEOUT_SECONDS)),
        reports=WatchdogStore(database),
        jobs=JOBS,
        queues=QUEUES,
        depth_of=_depth_of,
        pending_assignments=AdviceStore(database).count_pending_assignments,
        flags=_show_flags,
        now=clock.now,
        monotonic=time.monotonic,
    )


def _depth_of(queue: str) -> QueueDepth:
    return environment.queues().depth(settings.current().need(f"{queue}_queue_url"))


@cache
def _flags() -> FlagReader:
    return FlagReader(_read_flags, time.monotonic, _report_flags)


def _read_flags() -> str | None:
    name = settings.current().flags_parameter
    return environment.parameters().read(name) if name else None


def _report_flags(trouble: Trouble) -> None:
    observe.logger().warning("flags stay as they are", extra={"code": trouble})


def _show_flags() -> dict[str, str]:
    """Return the flags, with counts in place of names: no organisation may see another's switches."""
    flags = _flags().current()
    off = sum(organisation.emit == "off" for organisation in flags.organisations.values())
    return {
        "analytics_emit": flags.emit or settings.current().analytics_emit,
        "sampled_event_names": str(len(flags.sampling)),
        "organisations_switched_off": str(off),
    }


@cache
def composing() -> ComposeHealth:
    """Return the flow that composes a health state from the measures."""
    current = settings.current()
    return ComposeHealth(
        Deployment(rollcall.VERSION, current.environment, current.aws_region),
        current.objectives,
        replace(wiring_ingest.advice_limits(), look_interval=wiring_sockets.health_interval()),
    )


@cache
def health_monitor() -> HealthMonitor:
    """Return the flow that measures health again and again, and publishes changes."""
    return HealthMonitor(
        table=wiring_sockets.health(),
        measure=measure(ANSWER_TIMEOUT_SECONDS),
        composing=composing(),
        connections=wiring_sockets.connections().all,
        publisher=PublishHealth(_send_push, clock.now),
        advice=AdviceStore(environment.database()),
        on_written=_measure_status,
        report=report,
        interval_seconds=wiring_sockets.health_interval().total_seconds(),
        stale_after=stale_after(wiring_sockets.health_interval()),
        now=clock.now,
        monotonic=time.monotonic,
        sleep=time.sleep,
    )


def _send_push(message: str) -> object:
    return environment.queues().send(settings.current().need("push_queue_url"), message)


def _measure_status(published: HealthState) -> None:
    observe.measure("health_status", RANKS[published.health.status], observe.NO_UNIT)


def report(fault: RollcallError) -> None:
    """Log a fault that did not stop the measurement."""
    observe.logger().warning("health goes on", extra={"code": fault.code})


@cache
def read() -> ReadHealth:
    """Return the flow that reads health."""
    # An HTTP caller waits for the answer, so a frozen database gets the short timeout of the probe.
    measuring = measure(PROBE_TIMEOUT_SECONDS)
    stale = stale_after(wiring_sockets.health_interval())
    return ReadHealth(wiring_sockets.health(), measuring, composing(), report, stale, clock.now, time.monotonic)
