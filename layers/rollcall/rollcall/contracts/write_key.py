"""Write keys, as those who look after them see them."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


class WriteKey(BaseModel):
    """A key that clients of the Segment batch route authenticate with. Never its secret."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    write_key_id: UUID
    label: str = Field(description="What it is for, in its maker's words.")
    created_by: str
    created_at: datetime
    revoked_at: datetime | None
    last_used_on: date | None = Field(description="The last day, in UTC, on which it was looked up.")


WRITE_KEYS = TypeAdapter(list[WriteKey])
