"""Requests of administrators about scrubbing: previews, policies, re-scrubbing of stored rows."""

from typing import Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from rollcall.contracts.fields import is_absent
from rollcall.contracts.identifiers import Identifier
from rollcall.contracts.operations import OperationView, RatePerSecond
from rollcall.contracts.scrub.policy import PolicyAdditions
from rollcall.contracts.times import Day

DAYS_MAX = 31


class PreviewRequest(BaseModel):
    """A sample, and the policy to try on it."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    org_id: UUID = Field(description="Whose policy and keys.")
    name: Identifier = Field(description="The event's name.")
    user_id: Identifier | None = Field(None, description="The person's id.")
    anonymous_id: Identifier | None = Field(None, description="The person's id before sign-in.")
    session_id: Identifier | None = Field(None, description="Which visit.")
    properties: dict[str, Any] = Field(default_factory=dict, description="What else.")
    policy: PolicyAdditions | None = Field(
        None, description="Additions to try; when absent, those that the organisation has."
    )


class Change(BaseModel):
    """One difference between the sent event and the kept one."""

    model_config = ConfigDict(frozen=True)

    pointer: str = Field(description="Where in the sample: a JSON pointer.")
    change: Literal["removed", "replaced", "added"] = Field(description="What happened there.")
    value: Any = Field(None, exclude_if=is_absent, description="What would be kept instead.")


class PreviewRemark(BaseModel):
    """What would be noted beside the row."""

    model_config = ConfigDict(frozen=True)

    path: str = Field(description="Where, without any key that could be personal.")
    rule: str = Field(description="The rule that matched.")
    action: str = Field(description="What it did.")


class Preview(BaseModel):
    """What the policy would make of a sample. Nothing of it was stored."""

    model_config = ConfigDict(frozen=True)

    policy_version: str = Field(description="The policy that was applied.")
    rejected: str | None = Field(
        None, exclude_if=is_absent, description="Why an event of this kind would be rejected; then nothing is kept."
    )
    kept: dict[str, Any] = Field(description="What would be stored.")
    changes: list[Change] = Field(description="How that differs from the sample.")
    remarks: list[PreviewRemark] = Field(description="What would be noted beside the row.")


class PolicyRequest(BaseModel):
    """The additions that an organisation is to have from now on, instead of those it has."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    org_id: UUID = Field(description="The organisation.")
    additions: PolicyAdditions = Field(description="All of its additions.")


class PolicyView(BaseModel):
    """An organisation's policy."""

    model_config = ConfigDict(frozen=True)

    org_id: UUID = Field(description="The organisation.")
    name: str = Field(description="The policy that the additions are added to.")
    version: str = Field(description="Changes whenever anything of it changes.")
    additions: PolicyAdditions | None = Field(None, description="What the organisation added.")
    unmatched: list[str] = Field(
        [], description="Its selectors that match no declared property: they hold for documents alone."
    )


class PresetView(BaseModel):
    """A set of events and properties that ships with Rollcall."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(description="What a policy's `presets` calls it.")
    summary: str = Field(description="The purpose.")
    events: dict[str, dict[str, str]] = Field(description="Names of events, and the properties kept of each.")
    everywhere: dict[str, str] = Field(description="Properties kept with every event.")


class PresetList(BaseModel):
    """Every preset."""

    model_config = ConfigDict(frozen=True)

    presets: list[PresetView]


class RescrubRequest(BaseModel):
    """Which stored events to scrub again: those of these days, both included, that another policy scrubbed."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    org_id: UUID = Field(description="The organisation.")
    first_day: Day = Field(description="The first day, in UTC.")
    last_day: Day = Field(description="The last day, in UTC.")
    dry_run: bool = Field(False, description="Only count what would change.")
    rate: RatePerSecond | None = Field(None, description="Events a second at most, for each day.")
    reason: Identifier | None = Field(None, description="Why. No names of people.")

    @model_validator(mode="after")
    def _check_days(self) -> Self:
        if not 0 <= (self.last_day - self.first_day).days < DAYS_MAX:
            raise ValueError(f"From the first day to the last there are 1 to {DAYS_MAX} days")
        return self


class RescrubView(BaseModel):
    """Operations that scrub stored events again, one a day."""

    model_config = ConfigDict(frozen=True)

    operations: list[OperationView]
