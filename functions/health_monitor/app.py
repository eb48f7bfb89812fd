"""Measures health every few seconds inside its minute, and at once when a function saw something that matters."""

from typing import Any

from rollcall.edge.runtime import observe
from rollcall.edge.wiring import health as wiring_health


@observe.entry
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer a schedule: look until the time is up. Answer SQS: look once at most, however many signals there are."""
    watch = wiring_health.watch()
    if "Records" in event:
        looks = int(watch.answer())
    else:
        looks = watch.run(lambda: context.get_remaining_time_in_millis() / 1000)
        # Sent last: where it stops, nobody watches. Signals come with or without a schedule, and say nothing of it.
        observe.count(heartbeat=1)
    observe.count(looks=looks)
    observe.logger().info("watched", extra={"looks": looks, "signals": len(event.get("Records", ()))})
    return {"batchItemFailures": []}
