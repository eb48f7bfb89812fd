"""/api/admin/write-keys: make, list, rotate and revoke the keys of public analytics libraries."""

from rollcall import errors
from rollcall.contracts.ingest.write_key import (
    NewWriteKey,
    RevocationRequest,
    RotatedWriteKey,
    RotationRequest,
    WriteKey,
    WriteKeyList,
    WriteKeyRequest,
)
from rollcall.contracts.reports import OrganisationQuery
from rollcall.edge.http.messages import Request, Response
from rollcall.edge.http.parse import read_path_id
from rollcall.edge.http.route import CREATED, NOT_FOUND, OK, READ, WRITE, Answer, Route, uuid_in_path
from rollcall.edge.http.router import Router
from rollcall.edge.routes import access
from rollcall.edge.runtime import observe
from rollcall.edge.wiring.ingest import write_keys as wiring_write_keys

WRITE_KEY_ID = uuid_in_path("write_key_id", "The write key.")
TOO_MANY = {409: "The organisation has 100 valid write keys already."}
TOO_MANY_OR_ENDED = {409: "The organisation has 100 valid write keys already, or the key has ended."}

router = Router()


@router.route(
    Route(
        "GET /api/admin/write-keys",
        operation_id="listWriteKeys",
        summary="List an organisation's write keys",
        description="Oldest first, with the keys that ended, and without secrets.",
        scope=READ,
        query=OrganisationQuery,
        answers={OK: Answer("The latest 500 keys.", WriteKeyList)},
    )
)
def list_write_keys(_request: Request, query: OrganisationQuery) -> Response:
    """Answer an organisation's keys, without their secrets."""
    return Response.of(OK, wiring_write_keys.keep_write_keys().list_keys(query.org_id))


@router.route(
    Route(
        "POST /api/admin/write-keys",
        operation_id="postWriteKey",
        summary="Make a write key",
        description="Only this answer has the key's secret: Rollcall keeps a digest.",
        scope=WRITE,
        body=WriteKeyRequest,
        answers={CREATED: Answer("The key, with its secret.", NewWriteKey)},
        problems=TOO_MANY,
    )
)
def post_write_key(request: Request, asked: WriteKeyRequest) -> Response:
    """Make a key. Only this answer has its secret."""
    made = wiring_write_keys.keep_write_keys().create(asked, access.requester(request.caller, asked.org_id))
    _note("write key made", made)
    return Response.of(CREATED, made)


@router.route(
    Route(
        "POST /api/admin/write-keys/{write_key_id}/rotate",
        operation_id="postWriteKeyRotation",
        summary="Replace a write key",
        description="Makes a new key. The old key stays valid for overlap_seconds.",
        scope=WRITE,
        parameters=(WRITE_KEY_ID,),
        body=RotationRequest,
        answers={CREATED: Answer("The new key, with its secret, and the old key.", RotatedWriteKey)},
        problems=NOT_FOUND | TOO_MANY_OR_ENDED,
    )
)
def post_rotation(request: Request, asked: RotationRequest) -> Response:
    """Make a key that replaces another. Only this answer has its secret."""
    made = wiring_write_keys.keep_write_keys().rotate(
        read_path_id(request, "write_key_id", errors.WriteKeyUnknown),
        asked,
        access.requester(request.caller, asked.org_id),
    )
    _note("write key rotated", made)
    return Response.of(CREATED, made)


@router.route(
    Route(
        "POST /api/admin/write-keys/{write_key_id}/revoke",
        operation_id="postWriteKeyRevocation",
        summary="Revoke a write key",
        description="The key is refused within a minute. Running it twice changes nothing.",
        scope=WRITE,
        parameters=(WRITE_KEY_ID,),
        body=RevocationRequest,
        answers={OK: Answer("The key as it is now.", WriteKey)},
        problems=NOT_FOUND,
    )
)
def post_revocation(request: Request, asked: RevocationRequest) -> Response:
    """Revoke a key."""
    revoked = wiring_write_keys.keep_write_keys().revoke(
        read_path_id(request, "write_key_id", errors.WriteKeyUnknown),
        asked.org_id,
        access.requester(request.caller, asked.org_id),
    )
    _note("write key revoked", revoked)
    return Response.of(OK, revoked)


def _note(message: str, key: WriteKey) -> None:
    observe.logger().info(message, extra={"write_key_id": str(key.write_key_id)})
