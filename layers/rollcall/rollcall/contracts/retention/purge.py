"""Purges, as they come over HTTP: what an organisation has of a window is deleted for good."""

from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from rollcall.contracts.identifiers import Identifier
from rollcall.contracts.operations import Operation, OperationView
from rollcall.contracts.times import Timestamp, WindowTime, read_kept_time

WINDOW_MAX = timedelta(days=3660)


class PurgeRequest(BaseModel):
    """What to purge: of whom, over which window. Nothing of it can be restored."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    org_id: UUID = Field(description="The organisation.")
    from_at: Annotated[WindowTime, Field(alias="from", description="Where the window begins: RFC 3339 with an offset.")]
    to_at: Annotated[WindowTime, Field(alias="to", description="Where it ends, itself not included.")]
    dry_run: bool = Field(False, description="Count what would be deleted, and delete nothing.")
    reason: Identifier = Field(description="The reason, for later readers. No names of people.")

    @field_validator("to_at")
    @classmethod
    def _window_is_one(cls, to_at: datetime, info: ValidationInfo) -> datetime:
        from_at = info.data.get("from_at")
        if from_at is not None and not timedelta(0) < to_at - from_at <= WINDOW_MAX:
            raise PydanticCustomError("window_invalid", "A window ends after it begins, ten years later at most")
        return to_at

    def parameters(self) -> dict[str, Any]:
        """Return the operation's parameters."""
        return {"from": self.from_at.isoformat(), "to": self.to_at.isoformat()}


class PurgeView(OperationView):
    """A purge, as its requester sees it."""

    model_config = ConfigDict(frozen=True, validate_by_name=True, serialize_by_alias=True)

    from_at: Annotated[Timestamp, Field(alias="from", description="Where its window begins.")]
    to_at: Annotated[Timestamp, Field(alias="to", description="Where it ends.")]

    @classmethod
    def of(cls, operation: Operation, **more: Any) -> "PurgeView":
        """Return the view of a purge."""
        from_at, to_at = (read_kept_time(operation.parameters[name]) for name in ("from", "to"))
        return super().of(operation, from_at=from_at, to_at=to_at, **more)
