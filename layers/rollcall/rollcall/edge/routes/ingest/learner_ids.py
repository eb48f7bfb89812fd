"""POST /api/admin/learner-ids: what organisations' own texts for learners become in progress and in analytics."""

from rollcall.contracts.ingest.learner_id import LearnerIdsRequest, LearnerIdsView, LearnerNames
from rollcall.domain.ingest.learner_id import LearnerIds
from rollcall.domain.scrub.pseudonym import Pseudonymiser
from rollcall.edge.http.parse import read_model
from rollcall.edge.http.router import Request, Response, Router
from rollcall.edge.routes import access
from rollcall.edge.runtime import observe
from rollcall.edge.wiring import environment
from rollcall.edge.wiring.ingest import progress as wiring_ingest

WRITE = "admin:write"
BYTES_MAX = 262_144
OK = 200

router = Router()


@router.route("POST /api/admin/learner-ids")
def post_learner_ids(request: Request) -> Response:
    """Answer the names of learners. Nothing of them is logged; whoever asks links progress with analytics."""
    access.administrator(request, WRITE)
    asked = read_model(request, LearnerIdsRequest, BYTES_MAX)
    access.administrator(request, WRITE, org_id=asked.org_id)
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
