"""The numbers of a snapshot as metrics, and as Prometheus reads them.

The text format: https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format (version 0.0.4).
"""

from collections.abc import Iterable, Iterator, Mapping

from rollcall.contracts.health.health import Diagnostics, Health, Metric, Sample

STATUSES: Mapping[str, int] = {"ok": 0, "degraded": 1, "down": 2}
MS_PER_SECOND = 1000
Samples = Iterable[tuple[dict[str, str], float | int | bool | None]]


def diagnose(health: Health) -> Diagnostics:
    """Return every number of a snapshot. An unknown number has no sample, and a metric without samples is left out."""
    found = [*_of_status(health), *_of_database(health), *_of_queues(health), *_of_work(health)]
    return Diagnostics(measured_at=health.measured_at, metrics=[metric for metric in found if metric.samples])


def _metric(name: str, description: str, samples: Samples) -> Metric:
    known = [Sample(labels=labels, value=float(value)) for labels, value in samples if value is not None]
    return Metric(name=f"rollcall_{name}", help=description, samples=known)


def _one(name: str, description: str, value: float | None) -> Metric:
    return _metric(name, description, [({}, value)])


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / MS_PER_SECOND


def _of_status(health: Health) -> Iterator[Metric]:
    labels = {"version": health.version, "environment": health.environment, "region": health.region}
    yield _metric("info", "What runs here; always 1.", [(labels, 1)])
    yield _one("health_status", "0 ok, 1 degraded, 2 down.", STATUSES[health.status])
    yield _one("health_since_timestamp_seconds", "When it took this status.", health.since.timestamp())
    yield _one("health_measured_timestamp_seconds", "The time of the measurement.", health.measured_at.timestamp())
    regions = [({"region": name}, STATUSES[region.status]) for name, region in health.regions.items()]
    yield _metric("region_status", "0 ok, 1 degraded, 2 down.", regions)
    slos = health.slos.items()
    yield _metric("slo_value", "In the unit of the label.", [({"slo": n, "unit": s.unit}, s.value) for n, s in slos])
    yield _metric(
        "slo_threshold",
        "Beyond it the objective is violated.",
        [({"slo": name, "unit": slo.unit}, slo.threshold) for name, slo in slos],
    )
    yield _metric("slo_violated", "1 where it is.", [({"slo": name}, slo.is_violated) for name, slo in slos])


def _of_database(health: Health) -> Iterator[Metric]:
    database, enforcement = health.database, health.orgEnforcement
    yield _one("database_reachable", "1 when it answers.", database.is_reachable)
    yield _metric(
        "database_latency_seconds",
        "Of the latest probes.",
        [
            ({"quantile": "0.5"}, _seconds(database.latency_p50_ms)),
            ({"quantile": "0.95"}, _seconds(database.latency_p95_ms)),
        ],
    )
    yield _one("database_connections", "Open connections, in steps of five.", database.connection_count)
    yield _one("database_connections_max", "How many the server takes.", database.connection_limit)
    if enforcement is not None:
        yield _one("organisation_tables", "Tables with rows of organisations.", enforcement.table_count)
        yield _one("organisation_gaps", "What does not keep organisations apart.", len(enforcement.gaps))


def _of_queues(health: Health) -> Iterator[Metric]:
    yield _one("progress_batch_lag_seconds", "How long spooled batches wait.", _seconds(health.progressBatchLagMs))
    yield _one("analytics_ingest_lag_seconds", "How long batches wait.", _seconds(health.analyticsIngestLagMs))
    yield _one("offline_queue_backlog", "Spooled batches that are not stored.", health.offlineQueue.backlog)
    yield _one("pending_assignments", "Ordered and not made.", health.offlineQueue.pendingAssignments)
    depths = {name: queue.depth for name, queue in health.queues.items() if queue.depth is not None}
    yield _metric(
        "queue_messages",
        "On a queue, approximately.",
        [
            ({"queue": name, "state": state}, count)
            for name, depth in depths.items()
            for state, count in (
                ("waiting", depth.waiting_count),
                ("in_flight", depth.in_flight_count),
                ("delayed", depth.delayed_count),
            )
        ],
    )
    queues = health.queues.items()
    ages = [({"queue": name}, queue.oldest_age_seconds) for name, queue in queues]
    yield _metric("queue_oldest_age_seconds", "Of the oldest message, where it is known.", ages)
    dead = [({"queue": name}, queue.dead_letter_count) for name, queue in queues]
    yield _metric("dead_letters_open", "Dead letters that wait for a decision.", dead)


def _of_work(health: Health) -> Iterator[Metric]:
    yield _one("rollup_lag_seconds", "How far rollups are behind.", health.rollup_lag_seconds)
    jobs = health.jobs.items()
    yield _metric("job_status", "Always 1.", [({"job": name, "status": job.status}, 1) for name, job in jobs])
    began = [({"job": n}, job.last_started_at.timestamp() if job.last_started_at else None) for n, job in jobs]
    yield _metric("job_last_start_timestamp_seconds", "When it began last.", began)
    drills = {"retention": health.retention, "restore_drill": health.restore_drill}
    ended = [
        ({"job": n}, drill.ended_at.timestamp() if drill and drill.ended_at else None) for n, drill in drills.items()
    ]
    yield _metric("drill_ended_timestamp_seconds", "When retention and the restore drill ended last.", ended)
    yield _metric(
        "flag", "What is switched; always 1.", [({"flag": n, "value": v}, 1) for n, v in health.flags.items()]
    )
    advice = health.advice
    yield _one("advice_flush_interval_seconds", "What clients should wait.", _seconds(advice.flush_interval_ms))
    yield _one("advice_batch_size", "Events in a batch at most.", advice.batch_size)
    paused = advice.pause_until is not None and advice.pause_until > health.measured_at
    yield _one("advice_paused", "1 while clients should send nothing.", paused)


def write_prometheus(diagnostics: Diagnostics) -> str:
    """Return metrics in Prometheus' text format."""
    return "".join(f"{line}\n" for metric in diagnostics.metrics for line in _lines(metric))


def _lines(metric: Metric) -> Iterator[str]:
    yield f"# HELP {metric.name} {_escape(metric.help)}"
    yield f"# TYPE {metric.name} gauge"
    for sample in metric.samples:
        labels = ",".join(f'{name}="{_escape(value, quote=True)}"' for name, value in sample.labels.items())
        yield f"{metric.name}{{{labels}}} {sample.value!r}" if labels else f"{metric.name} {sample.value!r}"


def _escape(text: str, *, quote: bool = False) -> str:
    escaped = text.replace("\\", "\\\\").replace("\n", "\\n")
    return escaped.replace('"', '\\"') if quote else escaped
