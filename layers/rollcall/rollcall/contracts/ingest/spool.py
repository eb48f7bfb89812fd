"""A batch that waits in the spool queue until the database is back."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from rollcall.contracts.ingest.progress import ProgressEvent
from rollcall.contracts.storable import StorableText
from rollcall.contracts.times import MessageTime


class SpooledEnvelope(BaseModel):
    """The circumstances of a batch: its sender, the sender's organisations, and the time."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = 1
    subject: StorableText = Field(min_length=1, max_length=128)
    org_ids: list[UUID]
    received_at: MessageTime


class SpooledBatch(SpooledEnvelope):
    """A validated batch, as a message of the spool queue."""

    events: list[ProgressEvent]
