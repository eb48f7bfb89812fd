"""POST /api/admin/learner-ids: the UUIDs and pseudonyms of learners, by the organisation's own ids."""

from rollcall.contracts.ingest.learner_id import LearnerIdsRequest, LearnerIdsView, LearnerNames
from rollcall.domain.ingest.learner_id import LearnerIds
from rollcall.domain.scrub.pseudonym import Pseudonymiser
from rollcall.edge.http.messages import Request, Response
from rollcall.edge.http.route import OK, WRITE, Answer, Route
from rollcall.edge.http.router import Router
from rollcall.edge.runtime import observe
from rollcall.edge.wiring import environment
from rollcall.edge.wiring.ingest import progress as wiring_ingest

BYTES_MAX = 262_144

router = Router()


@router.route(
    Route(
        "POST /api/admin/learner-ids",
        operation_id="postLearnerIds",
        summary="Look up learners by your own ids",
        description="The UUID of each learner in progress events, and the learner's pseudonyms in analytics events. "
        "The answer links the two kinds of events, so the route asks for admin:write.",
        scope=WRITE,
        body=LearnerIdsRequest,
        body_bytes_max=BYTES_MAX,
        answers={OK: Answer("The learners, in the order of the request.", LearnerIdsView)},
    )
)
def post_learner_ids(_request: Request, asked: LearnerIdsRequest) -> Response:
    """Answer the UUIDs and pseudonyms of learners. The log has none of them."""
    learner_ids, keyring = wiring_ingest.learners().of(asked.org_id), environment.keyring()
    makers = [Pseudonymiser(keyring, asked.org_id).for_key(key_id) for key_id in keyring.secrets]
    learners = [_names_of(text, learner_ids, makers) for text in asked.learner_ids]
    observe.logger().info("learners named", extra={"count": len(learners)})
    return Response.of(OK, LearnerIdsView(org_id=asked.org_id, learners=learners))


def _names_of(text: str, learner_ids: LearnerIds, makers: list[Pseudonymiser]) -> LearnerNames:
    user_id = learner_ids.user_id(text)
    spellings = dict.fromkeys([text, str(user_id)])
    return LearnerNames(
        user_id=user_id,
        pseudonyms={
            maker.key_id: list(dict.fromkeys(maker.pseudonym(spelling) for spelling in spellings)) for maker in makers
        },
    )
