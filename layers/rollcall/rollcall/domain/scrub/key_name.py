"""Key names: userEmail, user_email, USER-EMAIL and "User Email" are one."""

import re

from rollcall.domain.scrub.folding import fold

BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[\W_]+")

VERBATIM = re.compile(r"^[$]|[/\\]|^[a-z0-9_]+(?:\.[a-z0-9_]+)+$")


def words_of(name: str) -> tuple[str, ...]:
    """Return the words of a name in lower case, from any style of writing."""
    return tuple(word.lower() for word in BOUNDARY.split(fold(name)) if word)


def compact(name: str) -> str:
    """Return a name without case and separators: the same for all spellings of a name."""
    return "".join(words_of(name))


def snake(name: str) -> str:
    """Return a name as it is stored and shown: words in lower case with underscores between."""
    return "_".join(words_of(name))


def stored_name(name: str) -> str:
    """Return the name that a declared event is stored under: addresses and dotted names as they are declared."""
    return name if VERBATIM.search(name) else snake(name)
