"""Who asked for an operation, as it may be written down."""

import hashlib
from uuid import UUID

MARK_LENGTH = 16


def name_requester(subject: str) -> str:
    """Return a subject that is a UUID as it is; of any other only a mark, since it may be a person's e-mail address.

    The mark is no pseudonym: who guesses the address can compute it. It tells one service from another.
    """
    try:
        return str(UUID(subject))
    except ValueError:
        return f"service:{hashlib.sha256(subject.encode()).hexdigest()[:MARK_LENGTH]}"
