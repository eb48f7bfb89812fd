"""Hourly: make the daily partitions ahead, and measure the default partition, which must stay empty."""

from datetime import timedelta
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from rollcall.edge import observe, settings, wiring


@observe.entry
def handler(_event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answer how many partitions were missing and how large the default one is."""
    current, today, store = settings.current(), wiring.now().date(), wiring.partition_store()
    made = store.make_partitions(today - current.retention, today + timedelta(days=current.partition_days_ahead))
    default_bytes = store.default_partition_bytes()
    observe.dimension("job", "partition")
    observe.measure("default_partition_bytes", default_bytes, MetricUnit.Bytes)
    observe.logger().info("partitions", extra={"made": made, "default_partition_bytes": default_bytes})
    return {"made": made, "default_partition_bytes": default_bytes}
