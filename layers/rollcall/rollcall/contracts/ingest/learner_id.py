"""Organisations' own texts for learners, and what they become: as administrators ask for it."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from rollcall.contracts.identifiers import LearnerId

LEARNERS_MAX = 1_000


class LearnerIdsRequest(BaseModel):
    """Which learners to look up."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    org_id: UUID = Field(description="The organisation: the same text is another learner in another one.")
    learner_ids: list[LearnerId] = Field(
        min_length=1, max_length=LEARNERS_MAX, description="The learners' ids in your own system."
    )


class LearnerNames(BaseModel):
    """The stored names of one learner."""

    model_config = ConfigDict(frozen=True)

    user_id: UUID = Field(description="In progress, assignments and reports.")
    pseudonyms: dict[str, list[str]] = Field(
        description="In analytics events, by the key they were made with: of the text, and of user_id."
    )


class LearnerIdsView(BaseModel):
    """Learners in the order of the request. Their texts are not repeated."""

    model_config = ConfigDict(frozen=True)

    org_id: UUID
    learners: list[LearnerNames]
