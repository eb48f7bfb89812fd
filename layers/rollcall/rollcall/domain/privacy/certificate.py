"""The certificate of an erasure: how it is signed, and how that is checked."""

import hmac
import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from rollcall.domain.keyring import Keyring

LABEL = b"rollcall/certificate/v1/"
SIGNATURE = "signature"


def sign(certificate: Mapping[str, Any], keyring: Keyring) -> dict[str, Any]:
    """Return a certificate with the id of the key in use, and its signature: HMAC-SHA-256, 64 hex digits."""
    named = {**certificate, "key_id": keyring.current}
    return named | {SIGNATURE: _signature(named, keyring)}


def is_genuine(certificate: Mapping[str, Any], keyring: Keyring) -> bool:
    """Return whether a certificate is as it was signed, under a key that the keyring still has."""
    if certificate.get("key_id") not in keyring.secrets:
        return False
    signed = {name: value for name, value in certificate.items() if name != SIGNATURE}
    return hmac.compare_digest(_signature(signed, keyring), str(certificate.get(SIGNATURE)))


def _signature(certificate: Mapping[str, Any], keyring: Keyring) -> str:
    """Sign the canonical form: sorted names, no spaces. The key is derived for each organisation and this purpose."""
    secret = keyring.secrets[certificate["key_id"]].encode()
    key = hmac.digest(secret, LABEL + UUID(certificate["org_id"]).bytes, "sha256")
    return hmac.digest(key, json.dumps(certificate, sort_keys=True, separators=(",", ":")).encode(), "sha256").hex()
