"""Pseudonyms: the same value is the same text, only for who holds the key."""

import hashlib
import hmac
import json
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rollcall.domain.keyring import Keyring
from rollcall.domain.scrub.pseudonym import Authenticator, Pseudonymiser
from rollcall.errors import ConfigurationInvalid, ScrubFailed

from tests.builders import ORG, USER
from tests.unit.scrub.conftest import SECRETS

OTHER_ORG = UUID(int=7)
FORMER_OF_UNDASHED = "e17c22a13866c9ade5d73250512d61ab"  # of USER.hex, as it was made before


def test_a_pseudonym_is_32_hex_digits_and_stays_the_same(pseudonymiser: Pseudonymiser) -> None:
    """128 bits, for every caller and call."""
    first = pseudonymiser.pseudonym(str(USER))
    assert len(first) == 32
    assert int(first, 16)
    assert Pseudonymiser(Keyring("k2", SECRETS), ORG).pseudonym(str(USER)) == first


@pytest.mark.parametrize(
    "other",
    [
        f" {USER} ", str(USER).upper(), "\u00a0" + str(USER), USER.hex, USER.hex.upper(), f"{{{USER}}}",
        f"{{{str(USER).upper()}}}", f"urn:uuid:{USER}", f"URN:UUID:{str(USER).upper()}",
    ],
)  # fmt: skip
def test_spellings_of_one_identifier_are_one(pseudonymiser: Pseudonymiser, other: str) -> None:
    """Outer whitespace and the spelling of a UUID make no difference."""
    assert pseudonymiser.pseudonym(other) == pseudonymiser.pseudonym(str(USER))


def test_pseudonyms_of_former_spellings_can_be_made(pseudonymiser: Pseudonymiser) -> None:
    """What was stored of an undashed UUID before it had the dashed one's pseudonym is found by them."""
    former = pseudonymiser.former_pseudonyms(USER)
    assert FORMER_OF_UNDASHED in former
    assert len(former) == 7
    assert pseudonymiser.pseudonym(str(USER)) not in former
    assert all(pseudonymiser.is_pseudonym(each) for each in former)


def test_unicode_forms_and_the_case_of_an_address_are_one(pseudonymiser: Pseudonymiser) -> None:
    """NFC, and e-mail addresses in lower case; other identifiers keep their case."""
    assert pseudonymiser.pseudonym("Jose\u0301") == pseudonymiser.pseudonym("Jos\u00e9")
    assert pseudonymiser.pseudonym("Jane@Example.org") == pseudonymiser.pseudonym("jane@example.org")
    assert pseudonymiser.pseudonym("aBc") != pseudonymiser.pseudonym("abc")


def test_organisations_and_keys_do_not_join(keyring: Keyring) -> None:
    """The same learner has another pseudonym in each organisation, and under each key."""
    made = {
        Pseudonymiser(Keyring(key_id, SECRETS), org_id).pseudonym("kim")
        for key_id in SECRETS
        for org_id in (ORG, OTHER_ORG)
    }
    assert len(made) == 4


def test_rotation_keeps_old_pseudonyms_reachable(keyring: Keyring, pseudonymiser: Pseudonymiser) -> None:
    """A new current key gives new pseudonyms and says which it was; the old ones can be made with the old key."""
    before = Pseudonymiser(Keyring("k1", SECRETS), ORG)
    assert (before.key_id, pseudonymiser.key_id) == ("k1", "k2")
    assert before.pseudonym("kim") != pseudonymiser.pseudonym("kim")
    assert pseudonymiser.for_key("k1").pseudonym("kim") == before.pseudonym("kim")
    assert pseudonymiser.pseudonym(before.pseudonym("kim")) == before.pseudonym("kim")
    with pytest.raises(ConfigurationInvalid):
        pseudonymiser.for_key("k3")


@given(st.text(max_size=40))
def test_a_pseudonym_is_not_pseudonymised_again(value: str) -> None:
    """Scrubbing what was scrubbed changes nothing."""
    pseudonymiser = Pseudonymiser(Keyring("k2", SECRETS), ORG)
    once = pseudonymiser.pseudonym(value)
    assert pseudonymiser.is_pseudonym(once)
    assert pseudonymiser.pseudonym(once) == once


@pytest.mark.parametrize("value", ["0" * 32, hashlib.md5(b"jane@example.org").hexdigest(), USER.hex])  # noqa: S324
def test_what_only_looks_like_a_pseudonym_is_an_identifier(pseudonymiser: Pseudonymiser, value: str) -> None:
    """A client's own 32 hex digits, or another organisation's pseudonym, are pseudonymised."""
    assert pseudonymiser.pseudonym(value) != value
    other = Pseudonymiser(Keyring("k2", SECRETS), OTHER_ORG).pseudonym("kim")
    assert pseudonymiser.pseudonym(other) != other


def test_a_digest_is_keyed_and_not_a_pseudonym(pseudonymiser: Pseudonymiser) -> None:
    """The content digest of a text is of another key than its pseudonym, and of another in each organisation."""
    digest = pseudonymiser.digest(b"kim")
    assert len(digest) == 32
    assert digest == pseudonymiser.digest(b"kim")
    assert digest != pseudonymiser.pseudonym("kim")
    assert digest != Pseudonymiser(Keyring("k2", SECRETS), OTHER_ORG).digest(b"kim")


@given(st.binary(min_size=1, max_size=64), st.binary(max_size=300))
def test_the_authentication_code_is_hmac_sha_256(key: bytes, message: bytes) -> None:
    """Ours, with the key's blocks hashed once, equals the standard library's."""
    assert Authenticator(key).hex_digest(message) == hmac.digest(key, message, "sha256").hex()


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{}", '{"current": "k1"}', '{"current": "k1", "k1": ""}', '{"current": "k1", "k1": "short"}',
        json.dumps({"current": "k2", "k1": "x" * 40}), '{"current": "k1", "k1": 7}',
        json.dumps({"current": "k1", "k1": " " * 40}),
    ],
)  # fmt: skip
def test_weak_or_absent_keys_are_refused(text: str) -> None:
    """No key, an empty or a short one: nothing is pseudonymised with it."""
    with pytest.raises(ConfigurationInvalid):
        Keyring.read(text)


def test_a_keyring_hides_its_secrets() -> None:
    """Its text form names no secret."""
    keyring = Keyring.read(json.dumps({"current": "k2", **SECRETS}))
    assert keyring == Keyring("k2", SECRETS)
    assert "secret of" not in repr(keyring)


def test_an_endless_identifier_is_refused(pseudonymiser: Pseudonymiser) -> None:
    """No person has this name."""
    with pytest.raises(ScrubFailed):
        pseudonymiser.pseudonym("x" * 1025)
