"""Orders of assignments: an organisation gives learners a course, as requests and answers over HTTP."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from rollcall.contracts.fields import is_absent
from rollcall.contracts.identifiers import Identifier
from rollcall.contracts.operations import Operation, OperationView
from rollcall.contracts.times import Timestamp, WindowTime

LEARNERS_MAX = 10_000
KEY_LENGTH_MAX = 128
KEY_PATTERN = rf"^[A-Za-z0-9._:-]{{1,{KEY_LENGTH_MAX}}}$"


EXAMPLE: JsonDict = {
    "org_id": "5d1f6a1c-5f0e-4c55-8a53-0f1c2b3d4e5f",
    "user_ids": ["0b1f6c1e-8d2f-4a3b-9c4d-5e6f7a8b9c0d"],
    "due_at": "2026-12-31T23:59:59Z",
    "reason": "Autumn term",
}


class AssignmentOrder(BaseModel):
    """Whom to give the course of the path. Learners become known by being named."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, json_schema_extra={"examples": [EXAMPLE]})

    org_id: UUID = Field(description="The organisation.")
    user_ids: list[UUID] = Field(
        min_length=1, max_length=LEARNERS_MAX, description="The learners. A learner named twice is assigned once."
    )
    due_at: Annotated[
        WindowTime | None,
        Field(description="Until when; RFC 3339 with an offset. When absent, a date that is kept stays."),
    ] = None
    reason: Identifier | None = Field(None, description="The reason, for later readers. No names of people.")

    def parameters(self, course_id: str, assigned_by: UUID | None) -> dict[str, Any]:
        """Return the operation's parameters."""
        return {
            "course_id": course_id,
            **({"due_at": self.due_at.isoformat()} if self.due_at else {}),
            **({"assigned_by": str(assigned_by)} if assigned_by else {}),
        }


class AssignmentView(OperationView):
    """An order of assignments, as its requester sees it."""

    model_config = ConfigDict(frozen=True)

    course_id: str = Field(description="The course.")
    due_at: Timestamp | None = Field(None, exclude_if=is_absent, description="Until when.")
    pending_count: int = Field(description="Assignments that are not made yet; of a cancelled order: that never will.")

    @classmethod
    def of_order(cls, operation: Operation) -> "AssignmentView":
        """Return the view of an order."""
        parameters, counts = operation.parameters, operation.counts
        return cls.of(
            operation,
            course_id=parameters["course_id"],
            due_at=parameters.get("due_at"),
            pending_count=0 if operation.state == "done" else counts.get("total", 0) - counts.get("done", 0),
        )
