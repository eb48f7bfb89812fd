"""Erasing and exporting one learner over HTTP: the request, the progress, and the certificate."""

from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from rollcall.contracts.fields import is_absent
from rollcall.contracts.identifiers import Identifier, LearnerId
from rollcall.contracts.operations import Operation, OperationView

LIST_DEFAULT, LIST_MAX = 20, 100
IDENTIFIERS_MAX = 20  # of each key of the keyring there is a pseudonym of each in an operation's parameters


EXAMPLE: JsonDict = {
    "org_id": "5d1f6a1c-5f0e-4c55-8a53-0f1c2b3d4e5f",
    "user_id": "0b1f6c1e-8d2f-4a3b-9c4d-5e6f7a8b9c0d",
    "reason": "Request of 30 November",
    "dry_run": True,
}


class LearnerRequest(BaseModel):
    """Whom to erase or to export, and why."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, json_schema_extra={"examples": [EXAMPLE]})

    org_id: UUID = Field(description="The organisation: nothing of another one is touched.")
    user_id: UUID | None = Field(None, description="The learner. Or learner_id.")
    learner_id: LearnerId | None = Field(
        None,
        description="The learner by their id in your own system: their progress, and their analytics under that id.",
    )
    other_ids: list[Identifier] = Field(
        [],
        max_length=IDENTIFIERS_MAX,
        description="Other identifiers that applications sent for this learner in analytics events (anonymous_id, "
        "session_id, another user_id). Only their pseudonyms are kept.",
    )
    reason: Identifier = Field(description="The reason, for later readers. No names of people.")
    dry_run: bool = Field(False, description="Count what would be done, and do nothing.")

    @model_validator(mode="after")
    def _check_learner(self) -> Self:
        if (self.user_id is None) == (self.learner_id is None):
            raise ValueError("Name the learner by user_id or by learner_id, and not by both")
        return self


class LearnerQuery(BaseModel):
    """Whose erasures or exports to list."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    org_id: UUID = Field(description="The organisation.")
    limit: int = Field(LIST_DEFAULT, ge=1, le=LIST_MAX, description="The most entries to list.")


class Remainder(BaseModel):
    """Something of the learner that is still there, or may be, and why."""

    model_config = ConfigDict(frozen=True)

    where: str = Field(description="The place.")
    why: str = Field(description="The reason why it remains.")
    until: datetime | None = Field(
        None, exclude_if=is_absent, description="The latest time of its deletion; absent: it stays."
    )


class Certificate(BaseModel):
    """What an erasure did, and what a search of everything found afterwards. Signed; it names no person."""

    model_config = ConfigDict(frozen=True)

    version: Literal[1] = 1
    org_id: UUID
    operation_id: UUID = Field(description="The erasure.")
    learner_digest: str = Field(
        pattern=r"^[0-9a-f]{64}$",
        description="SHA-256 over the organisation's id and the user's: a holder of both can test it.",
    )
    requested_by: str = Field(description="The requester: a user's id, or a mark of a service.")
    requested_at: datetime
    erased_at: datetime = Field(
        description="What happened, or came, until then is gone, and refused if it comes again."
    )
    issued_at: datetime
    identifiers: int = Field(description="By how many identifiers and pseudonyms the learner was searched for.")
    counts: dict[str, int] = Field(
        description="Counts of deleted, redacted, rewritten, rebuilt and searched items, by place."
    )
    residue: dict[str, int] = Field(description="What the search found, by place; empty when it found nothing.")
    newer: dict[str, int] = Field(description="Rows of the same learner that came after the erasure, by place.")
    remains: list[Remainder] = Field(description="What no search can reach, and what remains for a reason.")
    is_clean: bool = Field(description="Whether the search found nothing but what `remains` explains.")
    key_id: str = Field("", description="Which key signed it.")
    signature: str = Field("", description="HMAC-SHA-256 over all the rest, as JSON with sorted names.")


class ErasureView(OperationView):
    """An erasure, as its requester sees it. Nothing in it names the learner."""

    model_config = ConfigDict(frozen=True)

    certificate: dict[str, Any] | None = Field(
        None, exclude_if=is_absent, description="The findings by place, once the erasure is done: see Certificate."
    )
    is_genuine: bool | None = Field(
        None, exclude_if=is_absent, description="Whether the certificate's signature is right under its key."
    )

    @classmethod
    def of(cls, operation: Operation, **more: Any) -> Self:
        """Return the view of an erasure."""
        return super().of(operation, **more)


class ExportView(OperationView):
    """An export, as its requester sees it."""

    model_config = ConfigDict(frozen=True)

    download_url: str | None = Field(
        None, exclude_if=is_absent, description="Where it can be fetched, for a few minutes: JSON lines, gzip."
    )
    download_expires_in_seconds: int | None = Field(None, exclude_if=is_absent, description="For how long.")


class ErasureList(BaseModel):
    """The latest erasures of an organisation, newest first."""

    model_config = ConfigDict(frozen=True)

    erasures: list[ErasureView]


class ExportList(BaseModel):
    """The latest exports of an organisation, newest first."""

    model_config = ConfigDict(frozen=True)

    exports: list[ExportView]
