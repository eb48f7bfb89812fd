"""Replays, as they come over HTTP."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from rollcall.contracts.fields import is_absent
from rollcall.contracts.identifiers import Identifier
from rollcall.contracts.operations import Operation, OperationView, RatePerSecond
from rollcall.contracts.times import Timestamp, WindowTime, read_kept_time

ReplaySource = Literal["events", "spool", "dead_letters", "snapshots"]
LIST_DEFAULT, LIST_MAX = 20, 100
WINDOW_MAX = timedelta(days=3660)


EXAMPLE: JsonDict = {
    "org_id": "5d1f6a1c-5f0e-4c55-8a53-0f1c2b3d4e5f",
    "from": "2026-11-29T00:00:00Z",
    "to": "2026-11-30T00:00:00Z",
    "source": "events",
    "dry_run": True,
    "reason": "Projections after a repair",
}


class ReplayRequest(BaseModel):
    """What to replay: of whom, over which window, from where."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, json_schema_extra={"examples": [EXAMPLE]})

    org_id: UUID = Field(description="The organisation.")
    user_id: UUID | None = Field(None, description="One learner alone; when absent, all of the organisation.")
    from_at: Annotated[WindowTime, Field(alias="from", description="Where the window begins: RFC 3339 with an offset.")]
    to_at: Annotated[WindowTime, Field(alias="to", description="Where it ends, itself not included.")]
    source: ReplaySource = Field("events", description="What the replay applies.")
    dry_run: bool = Field(False, description="Count what would be done, and do nothing.")
    rate: RatePerSecond | None = Field(None, description="Learners (of events) or objects (else) a second at most.")
    reason: Identifier | None = Field(None, description="The reason, for later readers. No names of people.")

    @field_validator("to_at")
    @classmethod
    def _window_is_one(cls, to_at: datetime, info: ValidationInfo) -> datetime:
        from_at = info.data.get("from_at")
        if from_at is not None and not timedelta(0) < to_at - from_at <= WINDOW_MAX:
            raise PydanticCustomError("window_invalid", "A window ends after it begins, ten years later at most")
        return to_at

    def parameters(self) -> dict[str, Any]:
        """Return the operation's parameters."""
        window = {"from": self.from_at.isoformat(), "to": self.to_at.isoformat()}
        return window | ({"user_id": str(self.user_id)} if self.user_id else {})


class ReplayQuery(BaseModel):
    """Whose replays to list."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    org_id: UUID = Field(description="The organisation.")
    limit: int = Field(LIST_DEFAULT, ge=1, le=LIST_MAX, description="The most entries to list.")


class ReplayView(OperationView):
    """A replay, as its requester sees it."""

    model_config = ConfigDict(frozen=True, validate_by_name=True, serialize_by_alias=True)

    replay_id: UUID = Field(description="The replay: its operation's id.")
    user_id: UUID | None = Field(None, exclude_if=is_absent, description="The one learner of this replay.")
    from_at: Annotated[Timestamp, Field(alias="from", description="Where its window begins.")]
    to_at: Annotated[Timestamp, Field(alias="to", description="Where it ends.")]

    @classmethod
    def of(cls, operation: Operation, **more: Any) -> Self:
        """Return the view of a replay."""
        parameters = operation.parameters
        return super().of(
            operation,
            replay_id=operation.operation_id,
            user_id=parameters.get("user_id"),
            from_at=read_kept_time(parameters["from"]),
            to_at=read_kept_time(parameters["to"]),
            **more,
        )


class ReplayList(BaseModel):
    """The latest replays of an organisation, newest first."""

    model_config = ConfigDict(frozen=True)

    replays: list[ReplayView]
