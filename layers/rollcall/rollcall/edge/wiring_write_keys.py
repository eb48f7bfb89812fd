"""Builds what looks after write keys."""

import secrets
from functools import cache
from uuid import uuid4

from rollcall.domain.write_key import SECRET_BYTES
from rollcall.edge import wiring
from rollcall.flows.keep_write_keys import KeepWriteKeys


@cache
def keep_write_keys() -> KeepWriteKeys:
    """Return the flow."""
    return KeepWriteKeys(wiring.write_key_store(), uuid4, lambda: secrets.token_urlsafe(SECRET_BYTES))
