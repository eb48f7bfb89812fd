"""Routes of administrators: /api/admin, receipts and jobs. Some of them wait until a backlog has drained."""

from typing import Any

from rollcall.edge.http.router import Router
from rollcall.edge.routes import assignments, backlog_gate, dead_letters, jobs, privacy, replay, retention
from rollcall.edge.routes.ingest import imports, learner_ids, receipts, write_keys
from rollcall.edge.routes.rollups import processes, rollups
from rollcall.edge.routes.scrub import catalogue, scrub
from rollcall.edge.runtime import observe

router = Router(check_backlog=backlog_gate.check_backlog)
router.include(
    family.router
    for family in (
        assignments,
        catalogue,
        dead_letters,
        imports,
        jobs,
        learner_ids,
        privacy,
        processes,
        receipts,
        replay,
        retention,
        rollups,
        scrub,
        write_keys,
    )
)


@observe.entry
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answer API Gateway."""
    response = router.answer(event)
    observe.logger().info("answered", extra={"route": event.get("routeKey", ""), "status": response["statusCode"]})
    return response
