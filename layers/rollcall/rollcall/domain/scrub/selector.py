"""Selectors: paths to values in an event. `profile.email`, `answers.*.text`, `**.nickname`."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from rollcall.domain.scrub.key_name import compact
from rollcall.domain.scrub.redaction import Action, stricter
from rollcall.errors import PolicyInvalid

ONE_LEVEL, ANY_DEPTH = "*", "**"
SEGMENTS_MAX = 16
SEGMENT_CHARACTERS_MAX = 64
Place = tuple[str, ...]


@dataclass(frozen=True)
class Selector:
    """A path of key names in normal form; `*` is any key or any item of an array, `**` any number of levels."""

    segments: Place

    @classmethod
    def parse(cls, text: str) -> "Selector":
        """Read a selector.

        Raises:
            PolicyInvalid: it is empty, too long, has an empty segment or selects nothing in particular.

        """
        segments = tuple(
            part if part in {ONE_LEVEL, ANY_DEPTH} else compact(part[:SEGMENT_CHARACTERS_MAX])
            for part in text.split(".")
        )
        if not all(segments) or len(segments) > SEGMENTS_MAX or segments[-1] == ANY_DEPTH:
            raise PolicyInvalid("A selector is a path like profile.email, answers.*.text or **.nickname.")
        return cls(segments)

    @property
    def floating(self) -> "Selector":
        """The same selector, matching at any depth."""
        return self if self.segments[0] == ANY_DEPTH else Selector((ANY_DEPTH, *self.segments))


Waiting = frozenset[tuple[Place, Action]]
NOTHING: Waiting = frozenset()


def begin(selectors: Iterable[tuple[Selector, Action]]) -> Waiting:
    """Return the segments to match below the root, and the redaction for the match."""
    return frozenset((selector.segments, action) for selector, action in selectors)


def vocabulary(waiting: Waiting) -> frozenset[str]:
    """Return every name in the selectors. All other names are treated alike."""
    return frozenset(segment for segments, _ in waiting for segment in segments)


@lru_cache(maxsize=4096)
def descend(waiting: Waiting, name: str) -> tuple[Waiting, Action | None]:
    """Return the segments to match below the member with that name, and the strictest redaction of the member."""
    below: set[tuple[Place, Action]] = set()
    selected: Action | None = None
    todo = list(waiting)
    while todo:
        segments, action = todo.pop()
        if segments[0] == ANY_DEPTH:
            below.add((segments, action))
            todo.append((segments[1:], action))
        elif segments[0] in {ONE_LEVEL, name}:
            if len(segments) == 1:
                selected = stricter(selected, action) if selected else action
            else:
                below.add((segments[1:], action))
    return frozenset(below), selected
