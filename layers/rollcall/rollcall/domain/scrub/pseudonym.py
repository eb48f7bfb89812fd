"""Pseudonyms: the same value always becomes the same text in an organisation. Only a holder of the key can link them.

HMAC-SHA-256 (RFC 2104) under keys derived per organisation and purpose. A pseudonym is 128 bits: 96 of the HMAC of the
value, and 32 of a keyed check over those. By the check, scrubbing recognises its own pseudonyms, and does not take a
client's identifier of 32 hex digits for one (except once in four thousand million). The chance that any two of a
million learners collide is 1e-17.
"""

import hashlib
import hmac
import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from rollcall.contracts.identifiers import canonical_id
from rollcall.domain.keyring import Keyring
from rollcall.domain.scrub.limits import IDENTIFIER_MAX
from rollcall.errors import ScrubFailed

LABEL = b"rollcall/pseudonym/v1/"
HEX_DIGITS = 32
CHECKED_DIGITS = 24
REMEMBERED_MAX = 1_024
SHAPE = re.compile(r"[0-9a-f]{32}")
MAIL = re.compile(r"[^@\s]+@[^@\s]+")


BLOCK_BYTES = 64  # of SHA-256
INNER, OUTER = bytes(byte ^ 0x36 for byte in range(256)), bytes(byte ^ 0x5C for byte in range(256))


class Authenticator:
    """HMAC-SHA-256 under one key, with the key's two blocks hashed once (RFC 2104, section 4)."""

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        block = key.ljust(BLOCK_BYTES, b"\0")
        self._inner = hashlib.sha256(block.translate(INNER))
        self._outer = hashlib.sha256(block.translate(OUTER))

    def hex_digest(self, message: bytes) -> str:
        """Return the authentication code of a message, 64 hex digits."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(message)
        outer.update(inner.digest())
        return outer.hexdigest()


class _Keys(NamedTuple):
    value: Authenticator
    check: Authenticator
    digest: Authenticator


@lru_cache(maxsize=1024)
def _keys(secret: str, org_id: UUID) -> _Keys:
    derived = (
        Authenticator(hmac.digest(secret.encode(), LABEL + purpose + b"/" + org_id.bytes, "sha256"))
        for purpose in (b"value", b"check", b"digest")
    )
    return _Keys(*derived)


class Pseudonymiser:
    """Makes the pseudonyms of one organisation."""

    def __init__(self, keyring: Keyring, org_id: UUID) -> None:
        self.key_id = keyring.current
        self._keyring = keyring
        self._org_id = org_id
        self._own = _keys(keyring.secrets[keyring.current], org_id)
        self._remembered: dict[tuple[int, int], str] = {}

    def for_key(self, key_id: str) -> "Pseudonymiser":
        """Return the same with another key of the keyring: after a rotation, joins need both keys.

        Raises:
            ConfigurationInvalid: the keyring has no such key.

        """
        return Pseudonymiser(Keyring(key_id, self._keyring.secrets), self._org_id)

    def pseudonym(self, value: str) -> str:
        """Return 32 hex digits for a value, the same in every field. A pseudonym is returned unchanged.

        Raises:
            ScrubFailed: the value is too long to be an identifier.

        """
        if len(value) == HEX_DIGITS and self.is_pseudonym(value):
            return value
        # A session comes with many events, so results are cached, by two hashes with a new key in each process, which
        # do not reveal the value.
        code = hash(value), hash(value[::-1])
        pseudonym = self._remembered.get(code)
        if pseudonym is None:
            pseudonym = self._made_of(normalise(value))
            if len(self._remembered) >= REMEMBERED_MAX:
                self._remembered.clear()
            self._remembered[code] = pseudonym
        return pseudonym

    def former_pseudonyms(self, identity: UUID) -> frozenset[str]:
        """Return the pseudonyms of other spellings of a UUID, from the time before all spellings had the same one."""
        dashed, undashed = str(identity), identity.hex
        lower = (undashed, f"{{{dashed}}}", f"urn:uuid:{dashed}")
        spellings = {*lower, *map(str.upper, lower), f"urn:uuid:{dashed.upper()}"}
        return frozenset(self._made_of(spelling) for spelling in spellings)

    def _made_of(self, text: str) -> str:
        head = self._own.value.hex_digest(text.encode("utf-8", "surrogatepass"))
        return _checked(self._own, head[:CHECKED_DIGITS])

    def is_pseudonym(self, text: str) -> bool:
        """Return whether this is a pseudonym of this organisation, made with any key of the keyring."""
        if not SHAPE.fullmatch(text):
            return False
        head = text[:CHECKED_DIGITS]
        keys = (_keys(secret, self._org_id) for secret in self._keyring.secrets.values())
        return any(hmac.compare_digest(_checked(each, head), text) for each in keys)

    def digest(self, document: bytes) -> str:
        """Return 32 hex digits over a document's content, which cannot be guessed without the key."""
        return self._own.digest.hex_digest(document)[:HEX_DIGITS]


def _checked(keys: _Keys, head: str) -> str:
    return head + keys.check.hex_digest(head.encode())[: HEX_DIGITS - CHECKED_DIGITS]


def normalise(value: str) -> str:
    """Return the normal form for pseudonyms: NFC, trimmed; e-mail addresses in lower case, UUIDs in one spelling.

    Raises:
        ScrubFailed: the value is too long to be an identifier.

    """
    if len(value) > IDENTIFIER_MAX:
        raise ScrubFailed("An identifier is too long.")
    text = (value if value.isascii() else unicodedata.normalize("NFC", value)).strip()
    if "@" in text and MAIL.fullmatch(text):
        return text.lower()
    return canonical_id(text) or text
