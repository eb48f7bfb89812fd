"""The one list of routes that wait until a backlog has drained: bulk work, and what destroys.

Not on it, since people on call need them to get out of one: redrives and replays (which have their own rates), whatever
reads, previews, verifies or cancels.
"""

from collections.abc import Mapping

WRITE, BREAKGLASS = "admin:write", "admin:breakglass"

# With the scope of each, which is asked for first: who may not do it at all is not told of the backlog.
HELD_BACK: Mapping[str, str] = {
    "POST /api/admin/courses/{course_id}/assign": WRITE,
    "POST /api/admin/dead-letters/discard": WRITE,
    "POST /api/admin/import": WRITE,
    "POST /api/admin/privacy/erase": WRITE,
    "POST /api/admin/purge": BREAKGLASS,
    "POST /api/admin/rollups/rebuilds": WRITE,
    "POST /api/admin/scrub/runs": WRITE,
    "POST /api/admin/snapshots/restore": WRITE,
}
