"""Hourly: make the partitions of the coming days, and measure the default partition, which must stay empty."""

from datetime import timedelta

from aws_lambda_powertools.metrics import MetricUnit
from rollcall.edge.runtime import clock, observe, settings
from rollcall.edge.triggers import job
from rollcall.edge.wiring import retention as wiring_retention


@job.entry("partition")
def handler(_run: job.Run) -> job.JobResult:
    """Return how many partitions were missing, and the size of the default partition."""
    current, today, store = settings.current(), clock.now().date(), wiring_retention.partition_store()
    oldest = today - max(current.retention, current.analytics_retention)
    made = store.make_partitions(oldest, today + timedelta(days=current.partition_days_ahead))
    late = store.settle_default_partitions()
    default_bytes = store.default_partition_bytes()
    observe.measure("default_partition_bytes", default_bytes, MetricUnit.Bytes)
    return job.JobResult(made + late, {"made": made, "late": late, "default_partition_bytes": default_bytes})
