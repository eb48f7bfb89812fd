"""Administrators' routes: /api/admin, receipts, and jobs; some wait until a backlog has drained."""

from typing import Any

from rollcall.edge import (
    assignments_http,
    backlog,
    catalogue_http,
    dead_letters_http,
    import_http,
    jobs_http,
    learner_ids_http,
    observe,
    privacy_http,
    processes_http,
    receipts_http,
    replay_http,
    rollups_http,
    scrub_http,
    snapshots_http,
    write_keys_http,
)
from rollcall.edge.http import Router

router = Router()
for family in (
    assignments_http,
    catalogue_http,
    dead_letters_http,
    import_http,
    jobs_http,
    learner_ids_http,
    privacy_http,
    processes_http,
    receipts_http,
    replay_http,
    rollups_http,
    scrub_http,
    snapshots_http,
    write_keys_http,
):
    router.routes |= backlog.hold_back(family.router.routes)


@observe.entry
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answer API Gateway."""
    response = router.answer(event)
    observe.logger().info("answered", extra={"route": event.get("routeKey", ""), "status": response["statusCode"]})
    return response
