"""Dead letters: the attributes of a message, the failure that the ledger records, and the answers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rollcall.contracts.fields import is_absent
from rollcall.contracts.times import MessageTime

NIL_ORGANISATION = UUID(int=0)
"""The nil organisation: of messages without a trustworthy organisation."""

PAGE_DEFAULT, PAGE_MAX = 20, 200
# Where a page ended: microseconds of the epoch, and a UUID.
AFTER = r"^[0-9]{1,17}\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$"

Cause = Literal["poisoned", "store_refused", "receives_exhausted", "unknown"]
State = Literal["open", "redriven", "resolved", "discarded"]
QueueName = Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,31}$")]
# Of message attributes: whatever a message carries, the ledger takes.
INTEGER_MAX = 2**31 - 1
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Printable = Annotated[str, Field(pattern=r"^[!-~]{1,256}$")]
ErrorCode = Annotated[str, Field(min_length=1, max_length=64)]


class MessageAttributes(BaseModel):
    """The message attributes of an SQS message. Rollcall sets all of them, and none is personal."""

    model_config = ConfigDict(frozen=True)

    error_code: Code | None = Field(None, description="Why the message failed.")
    message_id: Printable | None = Field(None, description="SQS's id of the message that failed.")
    receive_count: int | None = Field(None, ge=0, le=INTEGER_MAX, description="How often it had been received then.")
    first_failed_at: MessageTime | None = Field(None, description="When it failed for the first time.")
    org_id: UUID | None = Field(None, description="Redriven: whose dead letter it was.")
    dead_letter_id: UUID | None = Field(None, description="Redriven: which dead letter it was.")
    operation_id: UUID | None = Field(None, description="Redriven: by which operation.")

    @classmethod
    def read(cls, attributes: Mapping[str, str]) -> Self:
        """Return Rollcall's own among a message's attributes; an attribute in another form counts as absent."""
        try:
            return cls.model_validate(dict(attributes))
        except ValidationError as invalid:
            wrong = {str(error["loc"][0]) for error in invalid.errors()}
            return cls.model_validate({name: value for name, value in attributes.items() if name not in wrong})

    def as_strings(self) -> dict[str, str]:
        """Return them as a message's attributes."""
        return {name: str(value) for name, value in self.model_dump(mode="json", exclude_none=True).items()}


class Failure(BaseModel):
    """One failure of one message, within one organisation."""

    model_config = ConfigDict(frozen=True)

    dead_letter_id: UUID
    failure_id: UUID = Field(description="Derived from the failed message: the same at each report.")
    queue: QueueName
    cause: Cause
    error_code: ErrorCode
    first_failed_at: MessageTime
    failed_at: MessageTime
    receive_count: int = Field(ge=0, le=INTEGER_MAX)
    size_bytes: int = Field(ge=0, le=INTEGER_MAX)
    body_digest: str = Field(pattern=r"^[0-9a-f]{32}$", description="Keyed digest of the body as it was found.")
    event_ids: list[UUID]
    archive_key: Printable | None = Field(
        description="Where its scrubbed body lies; null where it could not be scrubbed."
    )


class DeadLetter(BaseModel):
    """A message that failed for good, as the ledger has it. Its body lies in the archive."""

    model_config = ConfigDict(frozen=True)

    org_id: UUID = Field(description="The organisation; the nil UUID if it is unknown.")
    dead_letter_id: UUID = Field(description="It stays the same after each redrive and failure.")
    queue: QueueName = Field(description="The queue that it goes back to.")
    cause: Cause = Field(description="Why it failed, the last time: its class.")
    error_code: ErrorCode = Field(description="Why it failed, the last time: the code.")
    state: State = Field(description="open; redriven: on its queue again; resolved: stored; discarded: given up.")
    first_failed_at: datetime
    last_failed_at: datetime
    failure_count: int = Field(description="How often it failed for good.")
    receive_count: int = Field(description="How often it was received, in all.")
    redrive_count: int = Field(description="How often it was put back.")
    size_bytes: int = Field(description="Bytes of its body as it was found, before scrubbing.")
    body_digest: str = Field(description="Keyed digest of that body: equal for dead letters of the same content.")
    event_count: int = Field(description="Events whose ids could be read in it.")
    archive_key: str | None = Field(description="Where its body lies; null where it could not be scrubbed.")


class HistoryEntry(BaseModel):
    """One thing that happened to a dead letter."""

    model_config = ConfigDict(frozen=True)

    what: Literal["failed", "redriven", "redrive_failed", "resolved", "discarded"]
    happened_at: datetime
    code: str | None = Field(None, exclude_if=is_absent, description="How it went.")
    operation_id: UUID | None = Field(None, exclude_if=is_absent, description="The redrive.")
    acted_by: str | None = Field(None, exclude_if=is_absent, description="The person who asked.")
    reason: str | None = Field(None, exclude_if=is_absent, description="Why, in their words.")


class DeadLetterGroup(BaseModel):
    """How many dead letters have one cause."""

    model_config = ConfigDict(frozen=True)

    queue: QueueName
    cause: Cause
    error_code: ErrorCode
    state: State
    letter_count: int
    event_count: int
    first_failed_at: datetime
    last_failed_at: datetime


class DeadLetterPage(BaseModel):
    """Dead letters of one organisation: all of them counted by cause, and a page of them, newest first."""

    model_config = ConfigDict(frozen=True)

    groups: list[DeadLetterGroup]
    dead_letters: list[DeadLetter]
    next_after: str | None = Field(None, exclude_if=is_absent, description="Give it as `after` for the next page.")


class DeadLetterFile(BaseModel):
    """All that is known of one dead letter."""

    model_config = ConfigDict(frozen=True)

    dead_letter: DeadLetter
    event_ids: list[UUID] = Field(description="The events in it, as far as their ids could be read.")
    history: list[HistoryEntry] = Field(description="What happened to it, oldest first.")
    body: Any = Field(None, description="The scrubbed body: JSON, or text if it is not JSON; null if there is no body.")


class DigestCount(BaseModel):
    """How many messages of a queue failed for a cause since the last digest."""

    model_config = ConfigDict(frozen=True)

    queue: QueueName
    cause: Cause
    failed_count: int
    since: datetime = Field(description="The hour of the first of them.")
