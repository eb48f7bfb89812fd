"""Measures health every few seconds inside its minute, and at once when a function saw something that matters."""

from typing import Any

from rollcall.edge import observe, settings, wiring


@observe.entry
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answer a schedule, or SQS."""
    for _record in event.get("Records", ()):
        push = {
            "type": "heartbeat", "sequence": 1, "previous": 1, "sent_at": wiring.now().isoformat(),
            "advice": {"flush_interval_ms": 1000, "batch_size": 100},
        }  # fmt: skip
        import json

        wiring.queues().send(settings.current().need("push_queue_url"), json.dumps(push))
    observe.logger().info("watched")
    return {"batchItemFailures": []}
