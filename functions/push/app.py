"""Sends to sockets what they subscribed to, a page of connections at a time."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from rollcall.contracts.socket import Push
from rollcall.edge import observe, settings, wiring_live


@observe.entry
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answer SQS."""
    for record in event["Records"]:
        push = Push.model_validate_json(record["body"])
        connections = list(wiring_live.connections().all())
        sockets = wiring_live.sockets()
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda c: sockets.post(c.connection_id, push.model_dump_json()), connections))
    observe.logger().info("pushed", extra={"url": settings.current().socket_management_url})
    return {"batchItemFailures": []}
