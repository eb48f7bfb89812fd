"""Routes: which segments of a path are words that an application's pages are called by, and what follows each."""

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

from rollcall.domain.scrub.route_words import ENDINGS, LANGUAGES, OF_PEOPLE, PEOPLE, SECRETS, SELF, WORDS

DIGITS_MAX = 6  # of a number that says nothing by itself; telephone numbers and dates have more
NUMBER = re.compile(rf"[0-9]{{1,{DIGITS_MAX}}}")
# lesson, my-lessons, lesson-12, myLessons, week3, view.php
SHAPE = re.compile(r"[A-Za-z][A-Za-z0-9]{0,47}(?:[_-][A-Za-z0-9]{1,48}){0,7}(?:\.[A-Za-z]{2,4})?")
PIECE = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
CASES = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
VERSION = re.compile(r"[vV][0-9]{1,2}|[0-9]\.[0-9]{1,2}")


class Route(NamedTuple):
    """A segment that is kept: how it is written, and what it says of those that follow."""

    written: str
    tells_who: bool = False
    lets_in: bool = False
    is_self: bool = False


class RouteWords:
    """The words of the shipped vocabulary, and an organisation's own."""

    def __init__(self, own: Iterable[str] = ()) -> None:
        self._own = frozenset(map(plain_of, own))

    def read(self, segment: str, *, is_first: bool = False) -> Route | None:
        """Return the route that a segment is, None for one that may say anything."""
        plain = plain_of(segment)
        if plain in self._own:
            words = frozenset(PIECE.findall(plain))
            return Route(plain, not words.isdisjoint(PEOPLE), not words.isdisjoint(SECRETS))
        if is_first and _is_language(plain):
            return Route(plain)
        return _shipped(segment)

    def may_follow_people(self, route: Route) -> bool:
        """Tell whether a route can stand where somebody's name would, and be none."""
        return route.written in self._own or all(word in OF_PEOPLE for word in re.split(r"[_.-]", route.written))


def plain_of(segment: str) -> str:
    """Return a segment in lower case without accents, as words of routes are compared."""
    if segment.isascii():
        return segment.lower()
    return "".join(each for each in unicodedata.normalize("NFKD", segment.lower()) if not unicodedata.combining(each))


def is_number(segment: str) -> bool:
    """Tell whether a segment is a number too short to be anybody's."""
    return NUMBER.fullmatch(segment) is not None


def _is_language(plain: str) -> bool:
    language, _, region = plain.replace("_", "-").partition("-")
    return language in LANGUAGES and (not region or (len(region) == 2 and region.isalpha()))  # noqa: PLR2004


def _shipped(segment: str) -> Route | None:
    """Return the route that a segment is by the shipped vocabulary."""
    if VERSION.fullmatch(segment):
        return Route(segment.lower())
    plain = segment if segment.isascii() else plain_of(segment)
    if not SHAPE.fullmatch(plain):
        return None
    stem, dot, ending = plain.partition(".")
    if dot and ending.lower() not in ENDINGS:
        return None
    words, digits = _words_of(stem)
    if not words or len(digits) > DIGITS_MAX or not WORDS.issuperset(words):
        return None
    tells_who = not PEOPLE.isdisjoint(words)
    # myLessons is my-lessons from then on: in lower case its words could not be told apart.
    written = plain.lower() if len(words) == 1 else CASES.sub("-", plain).lower()
    if (digits and tells_who) or not SHAPE.fullmatch(written):
        return None
    return Route(written, tells_who, not SECRETS.isdisjoint(words), words[-1] in SELF)


def _words_of(stem: str) -> tuple[list[str], str]:
    """Return the words of a segment, and the digits between and behind them."""
    if stem.lower() in WORDS:
        return [stem.lower()], ""
    pieces = PIECE.findall(stem)
    return [piece.lower() for piece in pieces if not piece.isdigit()], "".join(filter(str.isdigit, pieces))
