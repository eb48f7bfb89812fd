"""A batch that waits in the spool queue until the database is back."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict

from rollcall.contracts.event import ProgressEvent
from rollcall.contracts.times import MessageTime


class SpooledBatch(BaseModel):
    """A validated batch with what its acceptance rested on: who sent it, for which organisations, and when."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = 1
    subject: str
    org_ids: list[UUID]
    received_at: MessageTime
    events: list[ProgressEvent]
