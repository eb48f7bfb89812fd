"""Operations: long work at a person's request, as it is stored, queued and shown."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from rollcall.contracts.fields import is_absent

OperationKind = Literal["replay", "redrive", "scrub", "rollup", "restore", "purge", "erase", "export", "assign"]
OperationState = Literal["queued", "running", "done", "failed", "cancelled"]
UNFINISHED: frozenset[OperationState] = frozenset({"queued", "running"})

RatePerSecond = Annotated[float, Field(ge=0.01, le=10_000, allow_inf_nan=False)]


class OperationRequest(BaseModel):
    """The request of a person. `parameters` depend on its kind, and hold no content of any event."""

    model_config = ConfigDict(frozen=True)

    org_id: UUID
    kind: OperationKind
    source: str = Field(min_length=1, max_length=80)
    parameters: dict[str, Any] = {}
    is_dry_run: bool = False
    rate_per_second: float | None = None
    requested_by: str = Field(min_length=1, max_length=64)
    reason: str | None = None


class Operation(OperationRequest):
    """An operation: the request, and its progress.

    `cursor` is where the next chunk begins, in the terms of its kind; None before the first. In `counts`, `total` and
    `done` say how far it is; other names are its kind's own. `step_number` is how many chunks were done.
    """

    operation_id: UUID
    state: OperationState
    requested_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    cancel_requested_at: datetime | None = None
    cursor: dict[str, Any] | None = None
    step_number: int = 0
    counts: dict[str, int] = {}
    error_code: str | None = None

    @property
    def is_finished(self) -> bool:
        """Whether nothing will happen to it any more."""
        return self.state not in UNFINISHED

    @property
    def progress(self) -> float:
        """The share that is done, from 0 to 1."""
        if self.state == "done":
            return 1.0
        total = self.counts.get("total", 0)
        return min(1.0, self.counts.get("done", 0) / total) if total else 0.0


class OperationMessage(BaseModel):
    """The message in the queue: one for each operation, until the operation is finished."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    org_id: UUID
    operation_id: UUID


class OperationView(BaseModel):
    """An operation, as its requester sees it."""

    model_config = ConfigDict(frozen=True)

    operation_id: UUID = Field(description="The operation.")
    kind: OperationKind = Field(description="What it does.")
    org_id: UUID = Field(description="Whose rows it works on.")
    source: str = Field(description="What it works on.")
    state: OperationState = Field(description="The state.")
    dry_run: bool = Field(description="Whether it only counts what it would do.")
    progress: float = Field(ge=0, le=1, description="The share that is done.")
    counts: dict[str, int] = Field(description="What it did, or would do.")
    rate: float | None = Field(None, exclude_if=is_absent, description="Units a second at most.")
    requested_by: str = Field(description="The requester: a user's id, or a mark of a service.")
    reason: str | None = Field(None, exclude_if=is_absent, description="Why.")
    requested_at: datetime = Field(description="When it was asked for.")
    started_at: datetime | None = Field(None, exclude_if=is_absent, description="When a worker first took it.")
    finished_at: datetime | None = Field(None, exclude_if=is_absent, description="When it ended.")
    cancel_requested_at: datetime | None = Field(
        None, exclude_if=is_absent, description="The time of the request to cancel."
    )
    error_code: str | None = Field(None, exclude_if=is_absent, description="Why it failed.")

    @classmethod
    def of(cls, operation: Operation, **more: Any) -> Self:
        """Return the view of an operation; `more` are the members of a view with more of them."""
        shared = operation.model_dump(include=set(cls.model_fields) - {"progress"})
        return cls(
            **shared | more,
            dry_run=operation.is_dry_run,
            rate=operation.rate_per_second,
            progress=round(operation.progress, 4),
        )
