"""Looking up learners by their own texts, in the API's description."""

from typing import Any

from pydantic import BaseModel

from rollcall.contracts.ingest.learner_id import LearnerIdsRequest, LearnerIdsView, LearnerNames
from rollcall.edge.openapi_admin import operation

MODELS: tuple[type[BaseModel], ...] = (LearnerIdsRequest, LearnerIdsView, LearnerNames)


def paths() -> dict[str, dict[str, Any]]:
    """Return the path of learners' names."""
    return {
        "/api/admin/learner-ids": {
            "post": operation(
                "postLearnerIds",
                "What your own learner ids become",
                "The UUID by which a learner stands in progress, and the pseudonyms by which they stand in analytics: "
                "so both join. It links the two, so it asks for admin:write.",
                ("200", "The learners, in the order of the request.", LearnerIdsView),
                (400, 413, 415),
                body=LearnerIdsRequest,
            ),
        },
    }
