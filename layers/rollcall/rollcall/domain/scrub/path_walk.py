"""Path walks: scrub each segment of a path, by the segments before it."""

import re
from collections.abc import Container, Iterator
from typing import Protocol

from rollcall.domain.scrub.markers import is_marker
from rollcall.domain.scrub.pseudonym import HEX_DIGITS
from rollcall.domain.scrub.redaction import REMOVED
from rollcall.domain.scrub.route_words import SHORT_THINGS, VALUES
from rollcall.domain.scrub.routes import (
    DIGITS_MAX,
    SHORT_DIGITS_MAX,
    Route,
    RouteWords,
    is_number,
    is_short_date,
    names_people_or_secrets,
)

SEGMENTS_MAX, SEGMENT_MAX = 32, 256
NUMBERS_MAX = 2  # numbers that follow each other: three may be a date
# Random texts: hexadecimal, base64, tokens with a signature.
JWT = re.compile(r"ey[A-Za-z0-9_-]{8,}\.")
HEXADECIMAL = re.compile(r"[0-9a-fA-F]{32,}")
PIECES = re.compile(r"[A-Za-z0-9+=]+")
DRAWN_MIN, DRAWN_WITH_CASES_MIN = 25, 16
NAMES_A_PERSON = "~@"  # /~jane, /@jane: the rest names a person
OPAQUE_KEY = re.compile(r"(?:course|block|library|asset|lib|lb)-v1:[^/]{1,255}")  # of Open edX, with a block's id
MONTH_OF_A_YEAR = re.compile(r"20[0-9]{2}/(?:0?[1-9]|1[0-2])")


class Pseudonyms(Protocol):
    """Makes the pseudonyms of an organisation, or markers without a key."""

    def pseudonym(self, value: str, /) -> str:
        """Return the pseudonym of a value."""

    def is_pseudonym(self, text: str, /) -> bool:
        """Return whether a text is a pseudonym already."""


class PathWalk:
    """One walk over the segments of one path."""

    def __init__(self, words: RouteWords, pseudonyms: Pseudonyms, known: Container[str]) -> None:
        self._words = words
        self._pseudonyms = pseudonyms
        self._known = known
        self._is_who = False
        self._last: Route | None = None  # the route directly before this segment
        self.names_people = False
        self.is_secret = False
        self.is_of_thing = False

    def scrub(self, path: str) -> str:
        """Return a decoded path, scrubbed."""
        segments = _segments(path)
        kept = [self._segment(segment, is_first=not place) for place, segment in enumerate(segments[:SEGMENTS_MAX])]
        if len(segments) > SEGMENTS_MAX:
            kept.append((REMOVED, ""))
        slash = "/" if kept and path.endswith("/") else ""
        return "".join(f"/{segment}" for segment in self._without_dates(kept)) + slash

    def value(self, text: str, *, names_a_thing: bool) -> str:
        """Return the value of a parameter unchanged, or its pseudonym, or a marker."""
        if is_number(text):
            is_kept = (names_a_thing or self.is_of_thing) and not self.names_people and not is_short_date(text)
            return text if is_kept else self.pseudonym(text)
        return self.word(text) or self.pseudonym(text)

    def word(self, text: str) -> str | None:
        """Return a route word or a setting as it is kept, or None for any other text."""
        if text.lower() in VALUES:
            return text.lower()
        route = self._words.read(text)
        return route.written if route else None

    def mark(self, value: str) -> None:
        """Note what a parameter's value means for the others: that they name a person, or that they grant access."""
        tells_who, lets_in = names_people_or_secrets(value)
        self.names_people = self.names_people or tells_who
        self.is_secret = self.is_secret or lets_in

    def pseudonym(self, text: str) -> str:
        """Return a pseudonym for a value that may name a person, or a marker for a secret or an unusable value."""
        if is_marker(text):
            return text
        if len(text) > SEGMENT_MAX:
            return REMOVED
        if len(text) == HEX_DIGITS and self._pseudonyms.is_pseudonym(text):
            return text
        return REMOVED if is_drawn(text) else self._pseudonyms.pseudonym(text.lstrip(NAMES_A_PERSON) or text)

    def _segment(self, segment: str, *, is_first: bool) -> tuple[str, str]:
        """Return the scrubbed segment, and its digits that may belong to a date."""
        before, self._last = self._last, None
        route = self._words.read(segment, is_first=is_first)
        if route and (not self._is_who or route.tells_who or self._words.may_follow_people(route)):
            self._is_who = not route.is_self and (route.tells_who or self._is_who)
            self.names_people = self.names_people or self._is_who
            self.is_secret = self.is_secret or route.lets_in
            self.is_of_thing = self.is_of_thing if route.is_neutral else route.is_thing
            self._last = route
            return route.written, route.digits
        if self.is_secret:
            return REMOVED, ""
        if is_number(segment) and not self._is_who and before and _may_follow(before, segment):
            self._last = before._replace(digits=before.digits or segment)
            return segment, segment
        is_kept = segment in self._known and not self._is_who and not _is_persons_or_drawn(segment)
        self._is_who = False
        return (segment if is_kept else self.pseudonym(segment)), ""

    def _without_dates(self, segments: list[tuple[str, str]]) -> Iterator[str]:
        """Yield segments. Numbers in a row that may be a date become one pseudonym."""
        run: list[tuple[str, str]] = []
        for segment, digits in [*segments, ("", "")]:
            if segment == digits != "":
                run.append((segment, digits))
                continue
            yield from self._run(run)
            run = [(segment, digits)] if digits else []
            if segment and not digits:
                yield segment

    def _run(self, run: list[tuple[str, str]]) -> Iterator[str]:
        digits = "".join(each for _, each in run)
        joined = "/".join(segment for segment, _ in run)
        is_date = is_short_date(digits) and not MONTH_OF_A_YEAR.fullmatch(joined)
        if len(run) > NUMBERS_MAX or len(digits) > DIGITS_MAX or is_date:
            yield self.pseudonym(joined)
        else:
            yield from (segment for segment, _ in run)


def _may_follow(before: Route, number: str) -> bool:
    """Return whether a number directly behind this route names a thing."""
    is_short = before.written in SHORT_THINGS
    if before.digits:
        return before.written[0].isalpha()  # a number behind only a version names no thing
    return before.is_thing and (not is_short or len(number) <= SHORT_DIGITS_MAX)


def _is_persons_or_drawn(segment: str) -> bool:
    """Return whether a segment names a person by its sign, or looks like a token: a catalogue cannot allow it."""
    if segment[:1] in NAMES_A_PERSON or segment.lower().startswith(("user:", "user_talk:")):
        return True
    return OPAQUE_KEY.fullmatch(segment) is None and any(map(is_drawn, segment.split("+")))


def _segments(path: str) -> list[str]:
    """Return the segments of a path, without matrix parameters, empty ones and steps upwards."""
    segments: list[str] = []
    for part in path.split("/"):
        segment = part.partition(";")[0].strip()
        if segment == "..":
            del segments[-1:]
        elif segment not in ("", "."):
            segments.append(segment)
    return segments


def is_drawn(text: str) -> bool:
    """Return whether a text looks random, as tokens do, unlike a name."""
    if JWT.match(text) or HEXADECIMAL.fullmatch(text):
        return True
    for piece in PIECES.findall(text):
        is_mixed = not piece.isalpha() and not piece.isdigit()
        has_cases = piece.lower() != piece != piece.upper()
        if is_mixed and len(piece) >= (DRAWN_WITH_CASES_MIN if has_cases else DRAWN_MIN):
            return True
    return False
