"""Write keys, as administrators see them, and the requests of administrators."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from rollcall.contracts.fields import WholeNumber
from rollcall.contracts.identifiers import Identifier

OVERLAP_SECONDS_DEFAULT = 7 * 86_400
OVERLAP_SECONDS_MAX = 90 * 86_400
KEYS_MAX = 100  # good ones of an organisation
LISTED_MAX = 500

Label = Annotated[
    Identifier, Field(description="The purpose of the key. No names of people: personal values are removed.")
]
OrganisationId = Annotated[UUID, Field(description="The organisation that the key belongs to.")]


class WriteKey(BaseModel):
    """A key that clients of public analytics libraries authenticate with. Never its secret."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    write_key_id: UUID
    label: str = Field(description="The purpose of the key, in its maker's words.")
    created_by: str = Field(description="The maker: a person's id, or a pseudonym of a service.")
    created_at: datetime
    expires_at: datetime | None = Field(description="When it ends, or ended, since another replaces it.")
    replaces_id: UUID | None = Field(description="The key that this one was made to replace.")
    revoked_at: datetime | None
    revoked_by: str | None
    last_used_at: datetime | None = Field(description="When it was last looked up, to within an hour.")


class WriteKeyList(BaseModel):
    """The latest 500 write keys of an organisation, oldest first; those that ended too."""

    model_config = ConfigDict(frozen=True)

    write_keys: list[WriteKey]


class NewWriteKey(WriteKey):
    """A write key that was made now, with its secret: this once."""

    write_key: str = Field(
        description="The key for a client. This answer is the only one with it: Rollcall stores only a digest."
    )


class RotatedWriteKey(NewWriteKey):
    """A write key that was made now, and the one that it replaces."""

    replaced: WriteKey


class WriteKeyRequest(BaseModel):
    """A new write key."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    org_id: OrganisationId
    label: Label = "unnamed"


class RotationRequest(BaseModel):
    """A new write key in the place of another."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    org_id: OrganisationId
    overlap_seconds: WholeNumber = Field(
        OVERLAP_SECONDS_DEFAULT,
        ge=0,
        le=OVERLAP_SECONDS_MAX,
        description="For how long the old one goes on being good.",
        strict=True,
    )


class RevocationRequest(BaseModel):
    """The end of a write key."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    org_id: OrganisationId


WRITE_KEYS = TypeAdapter(list[WriteKey])
