"""Imports: the parameters of a query, and the results for the lines of a body."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from rollcall.contracts.fields import is_absent

LINES_MAX = 1_000
BYTES_MAX = 4_000_000

EventKind = Literal["progress", "analytics"]


class ImportQuery(BaseModel):
    """Whose events come."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    org_id: UUID = Field(description="The organisation. A line may name this organisation, and no other.")
    dry_run: bool = Field(False, description="Judge the lines, and store nothing.")


class RefusedLine(BaseModel):
    """A line that was not stored. The report quotes nothing of it."""

    model_config = ConfigDict(frozen=True)

    line: int = Field(description="Which line of the body, from 1.")
    reason: str = Field(description="Why.")
    pointer: str | None = Field(None, exclude_if=is_absent, description="Where in the line: a JSON pointer.")
    detail: str | None = Field(None, exclude_if=is_absent, description="What to do about it.")


class ImportReport(BaseModel):
    """What became of each line of a body: the counts add up to `lines`."""

    model_config = ConfigDict(frozen=True)

    org_id: UUID
    lines: int = Field(description="Lines with something in them.")
    accepted: int = Field(0, description="Stored now, for the first time; in a dry run, sound.")
    duplicate: int = Field(0, description="Stored before, with the same content.")
    conflict: int = Field(0, description="Stored before, with other content: the first one is kept.")
    rejected: int = Field(0, description="Not stored: `refused` has the reasons.")
    refused: list[RefusedLine] = Field(description="Conflicts and rejections, in the order of the lines.")
