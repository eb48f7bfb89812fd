"""Routes of write keys in the API's description."""

from typing import Any

from pydantic import BaseModel

from rollcall.contracts.ingest.write_key import (
    NewWriteKey,
    RevocationRequest,
    RotatedWriteKey,
    RotationRequest,
    WriteKey,
    WriteKeyList,
    WriteKeyRequest,
)
from rollcall.edge.openapi_admin import operation, parameter

MODELS: tuple[type[BaseModel], ...] = (
    *(NewWriteKey, RevocationRequest, RotatedWriteKey, RotationRequest),
    *(WriteKey, WriteKeyList, WriteKeyRequest),
)
UUID_SCHEMA = {"type": "string", "format": "uuid"}


def paths() -> dict[str, dict[str, Any]]:
    """Return the paths of write keys."""
    write_key_id = parameter("write_key_id", "path", UUID_SCHEMA, "The write key.")
    return {
        "/api/admin/write-keys": {
            "get": operation(
                "listWriteKeys",
                "An organisation's write keys",
                "Oldest first, those that ended too, without their secrets. For admin:read.",
                ("200", "The latest 500.", WriteKeyList),
                (400,),
                parameters=[parameter("org_id", "query", UUID_SCHEMA, "The organisation.")],
            ),
            "post": operation(
                "postWriteKey",
                "Make a write key",
                "Its secret is answered this once: only a digest is kept. For admin:write.",
                ("201", "The key, with its secret.", NewWriteKey),
                (400, 409, 413, 415),
                body=WriteKeyRequest,
            ),
        },
        "/api/admin/write-keys/{write_key_id}/rotate": {
            "post": operation(
                "postWriteKeyRotation",
                "Make a write key in the place of another",
                "The other goes on being good for overlap_seconds. For admin:write.",
                ("201", "The new key, with its secret, and the old one.", RotatedWriteKey),
                (400, 404, 409, 413, 415),
                parameters=[write_key_id],
                body=RotationRequest,
            ),
        },
        "/api/admin/write-keys/{write_key_id}/revoke": {
            "post": operation(
                "postWriteKeyRevocation",
                "End a write key for good",
                "It is refused within a minute. Twice is as good as once. For admin:write.",
                ("200", "The key as it is now.", WriteKey),
                (400, 404, 413, 415),
                parameters=[write_key_id],
                body=RevocationRequest,
            ),
        },
    }
