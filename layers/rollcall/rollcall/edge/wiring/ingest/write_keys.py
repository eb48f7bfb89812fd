"""Builds the flow that makes, lists, rotates and revokes write keys."""

import secrets
from functools import cache
from uuid import uuid4

from rollcall.domain.ingest.write_key import SECRET_BYTES
from rollcall.edge.wiring.ingest import progress as wiring_ingest
from rollcall.flows.ingest.write_keys import KeepWriteKeys


@cache
def keep_write_keys() -> KeepWriteKeys:
    """Return the flow of write keys."""
    return KeepWriteKeys(wiring_ingest.write_key_store(), uuid4, lambda: secrets.token_urlsafe(SECRET_BYTES))
