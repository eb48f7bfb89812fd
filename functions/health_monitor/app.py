"""Measures health every few seconds of its minute, and at once when a function signals that the database changed."""

from typing import Any

from rollcall.edge.runtime import observe
from rollcall.edge.triggers import sqs
from rollcall.edge.wiring import health as wiring_health


@observe.entry
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Measure until the time is up (from the schedule), or at most once for all signals (from SQS)."""
    monitor = wiring_health.health_monitor()
    if "Records" in event:
        looks = int(monitor.answer())
    else:
        looks = monitor.run(lambda: context.get_remaining_time_in_millis() / 1000)
        # Sent last, so that a run that fails sends none. Only scheduled runs send it: signals prove no schedule.
        observe.count(heartbeat=1)
    observe.count(looks=looks)
    observe.logger().info("watched", extra={"looks": looks, "signals": len(event.get("Records", ()))})
    return sqs.deliver_again([])
