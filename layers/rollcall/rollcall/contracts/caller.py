"""Who calls: what the authorizer read in a token and the handlers rely on."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

Role = Literal["learner", "service"]


class Caller(BaseModel):
    """A verified token, as its bearer."""

    model_config = ConfigDict(frozen=True)

    subject: str = Field(min_length=1, max_length=128)
    role: Role
    org_ids: frozenset[UUID]
    scopes: frozenset[str]
    expires_at: int = Field(description="Seconds since the epoch.")

    def may_send_for(self, user_id: UUID) -> bool:
        """Tell whether this caller may send events of that user: their own, or any as a service."""
        return self.role == "service" or self.subject.lower() == str(user_id)
