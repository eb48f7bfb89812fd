"""The form of a write key: `rk_<organisation>_<secret>`.

The key names its organisation, so that a look-up reads only that organisation's keys.
"""

import hashlib
import re
from dataclasses import dataclass
from uuid import UUID

SECRET_BYTES = 32  # 256 bits, as 43 URL-safe characters
FORM = re.compile(r"rk_([0-9A-Fa-f]{32})_([A-Za-z0-9_-]{32,128})")
WITHIN = re.compile(FORM.pattern.encode())
WITHIN_MAX = 3  # so many different keys of a body are looked at before it is read


@dataclass(frozen=True)
class PresentedKey:
    """The content of a write key: the organisation that it claims, and the SHA-256 of its secret."""

    org_id: UUID
    secret_digest: bytes


def write(org_id: UUID, secret: str) -> str:
    """Return the key of an organisation with this secret, which is URL-safe and has 32 characters or more."""
    return f"rk_{org_id.hex}_{secret}"


def read(text: str) -> PresentedKey | None:
    """Return the content of a key; None for a text that is no write key."""
    found = FORM.fullmatch(text)
    if found is None:
        return None
    return PresentedKey(UUID(found[1]), digest(found[2]))


def find_within(text: bytes) -> list[str]:
    """Return the first few different keys that stand anywhere in a text: quicker than reading it."""
    found: dict[str, None] = {}
    for match in WITHIN.finditer(text):
        found[match[0].decode()] = None
        if len(found) == WITHIN_MAX:
            break
    return list(found)


def is_of_another(value: object, org_id: UUID) -> bool:
    """Return whether what stands where a key may stand names another organisation's, or no key at all."""
    if not isinstance(value, str) or not value.strip():
        return False
    key = read(value.strip())
    return key is None or key.org_id != org_id


def digest(secret: str) -> bytes:
    """Return what is kept of a secret."""
    return hashlib.sha256(secret.encode()).digest()
