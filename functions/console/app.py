"""The operations console: one page, its styles and its scripts."""

from typing import Any

from rollcall.edge import observe


@observe.entry
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answer API Gateway."""
    observe.logger().info("answered")
    return {"statusCode": 200, "headers": {"Content-Type": "text/html"}, "body": "console"}
