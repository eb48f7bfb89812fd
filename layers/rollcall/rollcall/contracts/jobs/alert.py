"""Alerts of the watchdog, as they are stored and published."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from rollcall.contracts.fields import is_absent

Severity = Literal["warn", "page"]
"""warn: a person should look today. page: a person should look now."""


class Alert(BaseModel):
    """Something that is not as it should be, as it stands."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z_]{0,31}(:[a-z][a-z_]{0,31})?$", description="What, and of which job.")
    severity: Severity
    sent_as: Severity = Field(description="Whom it goes to: a page is a warning while pages are not let out.")
    detail: str = Field(min_length=1, max_length=500, description="The measurement. Never a person, never a row.")
    raised_at: datetime
    found_at: datetime = Field(description="When it was last found with this severity, or a worse one.")
    notified_at: datetime = Field(description="When the last message went out.")
    cleared_at: datetime | None = Field(None, exclude_if=is_absent)


class AlertOrder(BaseModel):
    """Which synthetic alert to fire."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    severity: Severity


class PublishedAlert(BaseModel):
    """A message that went out."""

    model_config = ConfigDict(frozen=True)

    severity: Severity = Field(description="What it is.")
    sent_as: Severity = Field(description="The topic that it went to: a page is a warning before PageFrom.")
    subject: str
    message: str
    message_id: str = Field(description="SNS's own id of the message.")
