"""Flags: what the people on call switch while functions run. One JSON document, kept as a parameter."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from rollcall.contracts.identifiers import Identifier

Switch = Literal["on", "off"]
Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class OrganisationFlags(BaseModel):
    """The switches of one organisation."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    emit: Switch = Field("on", description="off: its analytics events are taken, scrubbed, counted and dropped.")


class Flags(BaseModel):
    """The switches. An empty document leaves everything to the deployment."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    emit: Switch | None = Field(
        None, description="off: all analytics events are dropped. Absent: the deployment's ANALYTICS_EMIT decides."
    )
    sampling: dict[Identifier, Fraction] = Field(
        default_factory=dict, description="Which part of an event name's events is kept, 0 to 1. Absent: all."
    )
    organisations: dict[UUID, OrganisationFlags] = Field(default_factory=dict, description="By org_id.")
