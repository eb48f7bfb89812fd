"""What may be kept of who sent something."""

import hashlib
from collections.abc import Callable

from rollcall.contracts.identifiers import read_uuid

DIGITS = 32  # 128 bits


def opaque_subject(subject: str) -> str:
    """Return the subject of a token as rows and messages may hold it: a UUID as it is, anything else hashed.

    Issuers may put an e-mail address into `sub`. The hash distinguishes senders, but a person who knows an
    address can find it again, so docs/explanation/privacy.md asks for opaque subjects nevertheless.
    """
    if identity := read_uuid(subject):
        return str(identity)
    return "subject:" + hashlib.sha256(b"rollcall/subject/" + subject.encode()).hexdigest()[:DIGITS]


def name_requester(subject: str, pseudonym: Callable[[str], str]) -> str:
    """Return who asked for an operation, as it may be written down: a UUID as it is, a pseudonym of anything else."""
    return str(identity) if (identity := read_uuid(subject)) else f"service:{pseudonym(subject)}"
