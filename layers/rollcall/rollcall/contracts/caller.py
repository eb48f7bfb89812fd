"""The caller: what the authorizer read from a token, for the handlers."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from rollcall.contracts.identifiers import read_uuid

Role = Literal["learner", "service"]


class Caller(BaseModel):
    """A verified token, as its bearer."""

    model_config = ConfigDict(frozen=True)

    subject: str = Field(min_length=1, max_length=128)
    role: Role
    org_ids: frozenset[UUID]
    scopes: frozenset[str]
    expires_at: int = Field(description="Seconds since the epoch.")

    @property
    def user_id(self) -> UUID | None:
        """The learner that this caller is; None for one whose subject is no UUID."""
        return read_uuid(self.subject)
