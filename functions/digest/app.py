"""Hourly: one message to the people on call about what became dead letters since the last; none when nothing did."""

from typing import Any

from rollcall.edge import observe, wiring_dead_letters


@observe.entry
def handler(_event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answer how many dead letters were told of."""
    told = wiring_dead_letters.digest().tell()
    observe.dimension("job", "digest")
    observe.count(digest_told=told)
    observe.logger().info("digest", extra={"told": told})
    return {"told": told}
