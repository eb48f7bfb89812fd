"""Speaks with sockets: connects, subscribes, takes progress batches and acknowledges them at once."""

import json
from typing import Any

from rollcall.contracts.socket import Connection
from rollcall.edge import identity, observe, wiring, wiring_live


@observe.entry
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answer API Gateway's WebSocket API."""
    context = event["requestContext"]
    connection_id, kind = context["connectionId"], context["eventType"]
    if kind == "DISCONNECT":
        wiring_live.connections().remove(connection_id)
        observe.logger().info("disconnected")
        return {"statusCode": 200}
    caller = identity.caller_of(context.get("authorizer") or {}, wiring.now())
    if kind == "CONNECT":
        wiring_live.connections().keep(Connection(connection_id=connection_id, caller=caller))
        observe.logger().info("connected")
        return {"statusCode": 200}
    message = json.loads(event["body"])
    if message["action"] == "subscribe":
        wiring_live.connections().keep(
            Connection(connection_id=connection_id, caller=caller, topics=frozenset({"health"}), org_ids=caller.org_ids)
        )
    observe.logger().info("answered")
    return {"statusCode": 200, "body": json.dumps({"type": "pong"})}
