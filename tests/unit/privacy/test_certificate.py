"""Certificates: signed under a key of their organisation, and nothing in them can be changed."""

from typing import Any
from uuid import uuid4

import pytest
from rollcall.domain.keyring import Keyring
from rollcall.domain.privacy import certificate

KEYRING = Keyring("k2", {"k1": "a secret of thirty-two characters", "k2": "and another one of thirty-two characters"})


def document() -> dict[str, Any]:
    return {"org_id": str(uuid4()), "residue": {}, "counts": {"deleted_learners": 1}, "is_clean": True}


def test_a_certificate_is_genuine_as_it_was_signed() -> None:
    """It names the key in use, and stays genuine after a rotation, for as long as the key is kept."""
    signed = certificate.sign(document(), KEYRING)
    assert signed["key_id"] == "k2"
    assert certificate.is_genuine(signed, KEYRING)
    assert certificate.is_genuine(dict(reversed(signed.items())), KEYRING), "the order of members says nothing"
    assert certificate.is_genuine(signed, Keyring("k1", KEYRING.secrets))
    assert not certificate.is_genuine(signed, Keyring("k1", {"k1": KEYRING.secrets["k1"]}))


@pytest.mark.parametrize(
    "change",
    [
        {"is_clean": False},
        {"residue": {"spool": 1}},
        {"org_id": str(uuid4())},
        {"key_id": "k1"},
        {"key_id": "k3"},
        {"signature": "0" * 64},
        {"signature": None},
        {"more": 1},
    ],
)
def test_a_change_is_seen(change: dict[str, Any]) -> None:
    """Whatever is changed, added, or said of another organisation or key, is not genuine."""
    assert not certificate.is_genuine(certificate.sign(document(), KEYRING) | change, KEYRING)


def test_a_pseudonym_key_signs_nothing_else() -> None:
    """The signing key is derived for this purpose: the same text under the secret itself is another signature."""
    one, other = (certificate.sign(document() | {"org_id": str(org_id)}, KEYRING) for org_id in (uuid4(), uuid4()))
    assert one["signature"] != other["signature"]
