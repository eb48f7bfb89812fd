"""Who asked for an operation, as it may be written down."""

from collections.abc import Callable
from uuid import UUID


def name_requester(subject: str, pseudonym: Callable[[str], str]) -> str:
    """Return a subject that is a UUID as it is; of any other a pseudonym, since it may be a person's e-mail address."""
    try:
        return str(UUID(subject))
    except ValueError:
        return f"service:{pseudonym(subject)}"
