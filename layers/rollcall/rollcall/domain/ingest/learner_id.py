"""Learner ids: an organisation's own text for a learner becomes a UUID, which only who holds the key can find again.

HMAC-SHA-256 under a key derived for each organisation, of which 122 bits make a UUID of version 8 (RFC 9562). Never a
bare hash: a list of names would find it. A text that is a UUID already is that UUID.
"""

import hmac
from uuid import UUID

from rollcall.contracts.identifiers import read_uuid
from rollcall.domain.scrub.pseudonym import Authenticator, normalise

LABEL = b"rollcall/learner-id/v1/"
VERSION_8, VARIANT = 0x8 << 76, 0x2 << 62
CLEARED = ~((0xF << 76) | (0x3 << 62)) & ((1 << 128) - 1)


class LearnerIds:
    """Makes the UUIDs of one organisation's learners, under one key for good."""

    def __init__(self, secret: str, org_id: UUID) -> None:
        self._key = Authenticator(hmac.digest(secret.encode(), LABEL + org_id.bytes, "sha256"))

    def user_id(self, learner_id: str) -> UUID:
        """Return a learner's UUID; what analytics take for one identifier is one learner here as well.

        Raises:
            ScrubFailed: the text is too long to be an identifier.

        """
        text = normalise(learner_id)
        if (known := read_uuid(text)) is not None:
            return known
        digest = self._key.hex_digest(text.encode("utf-8", "surrogatepass"))
        return UUID(int=int(digest[:32], 16) & CLEARED | VERSION_8 | VARIANT)


def is_same(learner_id: str, subject: str) -> bool:
    """Return whether a learner's id names the learner that a token's subject names."""
    return normalise(learner_id) == normalise(subject)
