"""/api/admin/write-keys: make, list, rotate and revoke the keys that public analytics libraries authenticate with."""

from rollcall import errors
from rollcall.contracts.ingest.write_key import RevocationRequest, RotationRequest, WriteKey, WriteKeyRequest
from rollcall.contracts.reports import OrganisationQuery
from rollcall.edge.http.parse import read_model, read_path_id
from rollcall.edge.http.router import Request, Response, Router
from rollcall.edge.routes import access
from rollcall.edge.runtime import observe
from rollcall.edge.wiring.ingest import write_keys as wiring_write_keys

READ, WRITE = "admin:read", "admin:write"
OK, CREATED = 200, 201

router = Router()


@router.route("GET /api/admin/write-keys")
def list_write_keys(request: Request) -> Response:
    """Answer an organisation's keys, without their secrets."""
    query = access.read_query_of(request, READ, OrganisationQuery)
    return Response.of(OK, wiring_write_keys.keep_write_keys().list_keys(query.org_id))


@router.route("POST /api/admin/write-keys")
def post_write_key(request: Request) -> Response:
    """Make a key, and answer its secret: this once."""
    access.administrator(request, WRITE)
    asked = read_model(request, WriteKeyRequest)
    caller = access.administrator(request, WRITE, org_id=asked.org_id)
    made = wiring_write_keys.keep_write_keys().create(asked, access.requester(caller, asked.org_id))
    _note("write key made", made)
    return Response.of(CREATED, made)


@router.route("POST /api/admin/write-keys/{write_key_id}/rotate")
def post_rotation(request: Request) -> Response:
    """Make a key in the place of another, and answer its secret: this once."""
    access.administrator(request, WRITE)
    asked = read_model(request, RotationRequest)
    caller = access.administrator(request, WRITE, org_id=asked.org_id)
    made = wiring_write_keys.keep_write_keys().rotate(
        read_path_id(request, "write_key_id", errors.WriteKeyUnknown), asked, access.requester(caller, asked.org_id)
    )
    _note("write key rotated", made)
    return Response.of(CREATED, made)


@router.route("POST /api/admin/write-keys/{write_key_id}/revoke")
def post_revocation(request: Request) -> Response:
    """End a key for good."""
    access.administrator(request, WRITE)
    asked = read_model(request, RevocationRequest)
    caller = access.administrator(request, WRITE, org_id=asked.org_id)
    revoked = wiring_write_keys.keep_write_keys().revoke(
        read_path_id(request, "write_key_id", errors.WriteKeyUnknown),
        asked.org_id,
        access.requester(caller, asked.org_id),
    )
    _note("write key revoked", revoked)
    return Response.of(OK, revoked)


def _note(message: str, key: WriteKey) -> None:
    observe.logger().info(message, extra={"write_key_id": str(key.write_key_id)})
