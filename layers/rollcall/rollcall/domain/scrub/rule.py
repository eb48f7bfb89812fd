"""Rules: they find personal values in texts. A pattern finds candidates, a check decides, in linear time."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from rollcall.domain.scrub.limits import CANDIDATES_MAX

CONTEXT_CHARACTERS = 40
ENDLESS = 2**40
BEHIND = 24  # characters that a rule may read behind the last digit of a number
Span = tuple[int, int]


class TooManyCandidates(Exception):
    """A text has so many candidates that no person wrote it."""


@dataclass(frozen=True)
class Rule:
    """One kind of personal value.

    `check` gets a candidate and returns the personal span, or None. `context` is for numbers that could mean anything:
    one of its words must stand in the 40 characters before a candidate. One of the words in `behind` must stand
    directly behind it. `shape` is a pattern that the shape of a number or code must match somewhere, with
    `0` for each digit and `a` for each letter.
    """

    id: str
    source: str
    check: Callable[[re.Match[str]], Span | None] | None = None
    context: tuple[str, ...] = ()
    behind: tuple[str, ...] = ()
    flags: re.RegexFlag = re.NOFLAG
    shape: str = ""

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The pattern for candidates, compiled at first use, because compiling all at import takes too long."""
        return re.compile(self.source, self.flags)

    @cached_property
    def _context(self) -> re.Pattern[str]:
        return re.compile(rf"(?<![A-Za-z])(?:{'|'.join(self.context)})(?![A-Za-z])", re.IGNORECASE)

    @cached_property
    def _behind(self) -> re.Pattern[str]:
        return re.compile(rf"[ ,;:()/\\-]{{0,3}}(?:{'|'.join(self.behind)})(?![A-Za-z])", re.IGNORECASE)

    @property
    def is_named(self) -> bool:
        """Whether a candidate is personal only with certain words around it."""
        return bool(self.context or self.behind)

    @cached_property
    def context_words(self) -> frozenset[bytes]:
        """The first run of letters of each context word. A text without any of these has none of the words."""
        pieces = (re.search(rb"[A-Za-z]+", word.encode("ascii", "replace")) for word in (*self.context, *self.behind))
        return frozenset(piece[0] for piece in pieces if piece)

    @cached_property
    def marker(self) -> str:
        """The marker that replaces a found value."""
        return f"[{self.id[1:]}]"

    def find(self, text: str, start: int = 0, end: int = ENDLESS) -> list[Span]:
        """Return the personal spans, in order, without overlaps.

        With bounds, of candidates that begin within them.

        Raises:
            TooManyCandidates: there are more candidates than a text with a meaning has.

        """
        spans: list[Span] = []
        position, search = start, self.pattern.search
        for _ in range(CANDIDATES_MAX):
            match = search(text, position, end + BEHIND)
            if match is None or match.start() >= end:
                return spans
            span = self._confirm(match)
            position = max(match.end(), match.start() + 1)
            if span:
                spans.append(span)
                position = max(position, span[1])
            if position >= end:
                return spans
        raise TooManyCandidates

    def _confirm(self, match: re.Match[str]) -> Span | None:
        start = match.start()
        if self.context and not self._context.search(match.string, max(0, start - CONTEXT_CHARACTERS), start):
            return None
        if self.behind and not self._behind.match(match.string, match.end()):
            return None
        return self.check(match) if self.check else match.span()
