"""Report passes: what the authorizer signs for a verified token, and the database verifies before it shows a figure."""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

VERSION = "1"
BLOCK_BYTES = 64  # of SHA-256
INNER_PAD, OUTER_PAD = 0x36, 0x5C


@dataclass(frozen=True)
class PaddedKeys:
    """A key as the two padded keys of HMAC-SHA-256, 64 bytes each (RFC 2104, 2): with these, hashing alone verifies."""

    inner: bytes
    outer: bytes

    @classmethod
    def of(cls, secret: str) -> "PaddedKeys":
        """Return the padded keys of a secret of any length."""
        key = secret.encode()
        block = (hashlib.sha256(key).digest() if len(key) > BLOCK_BYTES else key).ljust(BLOCK_BYTES, b"\0")
        return cls(bytes(byte ^ INNER_PAD for byte in block), bytes(byte ^ OUTER_PAD for byte in block))


def sign_pass(org_ids: Iterable[UUID], expires_at: int, secret: str) -> str:
    """Return a pass for these organisations, good until `expires_at` (seconds since the epoch)."""
    signed = ".".join([VERSION, str(expires_at), ",".join(sorted(map(str, org_ids)))])
    return f"{signed}.{hmac.new(secret.encode(), signed.encode(), hashlib.sha256).hexdigest()}"
