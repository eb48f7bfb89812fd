"""Queries of the routes of dead letters."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from rollcall.contracts.dead_letters.letter import AFTER, PAGE_DEFAULT, PAGE_MAX, Cause, QueueName, State


class OrganisationQuery(BaseModel):
    """The organisation that the dead letters belong to."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    org_id: UUID = Field(description="The organisation; the nil UUID for dead letters of no known organisation.")


class ListQuery(OrganisationQuery):
    """Filters and page of a list of dead letters."""

    queue: QueueName | None = Field(None, description="Dead letters of this queue only.")
    cause: Cause | None = Field(None, description="Dead letters with this cause only.")
    state: State | None = Field(None, description="Dead letters in this state only.")
    limit: int = Field(PAGE_DEFAULT, ge=1, le=PAGE_MAX, description="The most entries of a page.")
    after: str | None = Field(None, pattern=AFTER, description="`next_after` of the page before.")


class ReportQuery(OrganisationQuery):
    """Page of a redrive's results."""

    limit: int = Field(PAGE_DEFAULT, ge=1, le=PAGE_MAX, description="The most entries of a page.")
    after: UUID | None = Field(None, description="`next_after` of the page before.")
