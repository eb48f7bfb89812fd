"""Rules: what in a text is personal. A pattern finds candidates, a check decides; in linear time, whatever the text."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from rollcall.domain.scrub.limits import CANDIDATES_MAX

CONTEXT_CHARACTERS = 40
Span = tuple[int, int]


class TooManyCandidates(Exception):
    """A text has so many places that look like something that nobody wrote it."""


@dataclass(frozen=True)
class Rule:
    """One kind of personal value.

    `check` gets a candidate and returns the span that is personal, or None. Of the words in `context`, if there
    are any, one must stand in the 40 characters before a candidate: for numbers that anything could be.
    """

    id: str
    source: str
    check: Callable[[re.Match[str]], Span | None] | None = None
    context: tuple[str, ...] = ()
    flags: re.RegexFlag = re.NOFLAG

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What finds candidates; compiled when first needed, as all together take longer than an import may."""
        return re.compile(self.source, self.flags)

    @cached_property
    def _context(self) -> re.Pattern[str]:
        return re.compile(rf"(?<![A-Za-z])(?:{'|'.join(self.context)})(?![A-Za-z])", re.IGNORECASE)

    @property
    def marker(self) -> str:
        """What stands in a text in place of what was found."""
        return f"[{self.id[1:]}]"

    def find(self, text: str) -> list[Span]:
        """Return the spans of what is personal, in order, apart from each other.

        Raises:
            TooManyCandidates: there are more places to look at than a text that means something has.

        """
        spans: list[Span] = []
        position = 0
        for _ in range(CANDIDATES_MAX):
            match = self.pattern.search(text, position)
            if match is None:
                return spans
            span = self._confirm(match)
            if span:
                spans.append(span)
            position = max(span[1] if span else 0, match.end(), match.start() + 1)
        raise TooManyCandidates

    def _confirm(self, match: re.Match[str]) -> Span | None:
        start = match.start()
        if self.context and not self._context.search(match.string, max(0, start - CONTEXT_CHARACTERS), start):
            return None
        return self.check(match) if self.check else match.span()
