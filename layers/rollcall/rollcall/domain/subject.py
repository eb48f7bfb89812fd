"""What may be kept of who sent something."""

import hashlib
from uuid import UUID

DIGITS = 32  # 128 bits


def opaque_subject(subject: str) -> str:
    """Return the subject of a token as rows and messages may hold it: a UUID as it is, anything else hashed.

    Issuers may put an e-mail address into `sub`. The hash tells two senders apart; whoever knows an address can find
    it again, so docs/privacy.md asks for opaque subjects all the same.
    """
    try:
        return str(UUID(subject))
    except ValueError:
        return "subject:" + hashlib.sha256(b"rollcall/subject/" + subject.encode()).hexdigest()[:DIGITS]
