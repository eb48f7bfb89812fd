"""An organisation's course catalogue: allowed ids that a value rule would take for personal values."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from rollcall.contracts.fields import is_absent
from rollcall.contracts.identifiers import Identifier

IDS_MAX = 2_000
CHANGES_SHOWN = 20


class CatalogueRequest(BaseModel):
    """The ids that an organisation's catalogue is to have from now on, instead of those it has."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    org_id: UUID = Field(description="The organisation.")
    ids: Annotated[list[Identifier], Field(max_length=IDS_MAX)] = Field(
        description="All ids of courses, lessons and the like that are to be let through."
    )
    reason: Identifier | None = Field(None, description="Why. No names of people.")


class CatalogueChange(BaseModel):
    """One change of a catalogue."""

    model_config = ConfigDict(frozen=True)

    changed_at: datetime = Field(description="When.")
    changed_by: str = Field(description="The person who changed it: a pseudonym.")
    reason: str | None = Field(None, exclude_if=is_absent, description="Why.")
    added: int = Field(description="How many ids were added.")
    removed: int = Field(description="How many ids were taken out.")


class CatalogueView(BaseModel):
    """An organisation's catalogue."""

    model_config = ConfigDict(frozen=True)

    org_id: UUID = Field(description="The organisation.")
    ids: list[str] = Field(description="The ids in it, in order.")
    changes: list[CatalogueChange] = Field(description="The latest changes, newest first.")


IDS: TypeAdapter[list[str]] = TypeAdapter(list[str])
CHANGES: TypeAdapter[list[CatalogueChange]] = TypeAdapter(list[CatalogueChange])
