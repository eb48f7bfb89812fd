"""Routes: recognises the segments of a path that are names of pages, and what may follow each."""

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

from rollcall.domain.scrub.route_words import (
    ENDINGS,
    LANGUAGES,
    NEUTRAL,
    OF_PEOPLE,
    PEOPLE,
    SECRETS,
    SELF,
    SHORT_THINGS,
    THINGS,
    WORDS,
)

DIGITS_MAX = 6  # digits of a number that names no person; telephone numbers and dates have more
SHORT_DIGITS_MAX = 2
READ_MAX = 2_048
NUMBER = re.compile(rf"[0-9]{{1,{DIGITS_MAX}}}")
# lesson, my-lessons, lesson-12, myLessons, week3, view.php
SHAPE = re.compile(r"[A-Za-z][A-Za-z0-9]{0,47}(?:[_-][A-Za-z0-9]{1,48}){0,7}(?:\.[A-Za-z]{2,4})?")
PIECE = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
CASES = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
VERSION = re.compile(r"[vV][0-9]{1,2}|[0-9]\.[0-9]{1,2}")
GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "ø": "oe", "å": "aa"})
# Two of the three parts of a date, in any usual order. The third is a year.
DAY, MONTH, YEAR = r"(?:0[1-9]|[12][0-9]|3[01])", r"(?:0[1-9]|1[0-2])", r"[0-9]{2}"
SHORT_DATE = re.compile(f"{YEAR}{MONTH}{DAY}|{DAY}{MONTH}{YEAR}|{MONTH}{DAY}{YEAR}")


class Route(NamedTuple):
    """A segment that is kept: its stored form, and what it means for the segments behind it."""

    written: str
    tells_who: bool = False
    lets_in: bool = False
    is_self: bool = False
    is_thing: bool = False  # a number behind it belongs to it
    is_neutral: bool = False  # names the page; another segment names its thing
    digits: str = ""


class RouteWords:
    """The words of the shipped vocabulary, an organisation's own, and those of the presets that it chose."""

    def __init__(self, own: Iterable[str] = (), of_presets: Iterable[str] = ()) -> None:
        self._of_presets = frozenset(of_presets)
        # Recent results, at the start of a path and elsewhere. Only route words, so no person's name.
        self._read: tuple[dict[str, Route], dict[str, Route]] = {}, {}
        self._own = frozenset(spelling for word in own for spelling in spellings_of(word))

    def read(self, segment: str, *, is_first: bool = False) -> Route | None:
        """Return the route of a segment, or None for any other text."""
        remembered = self._read[is_first]
        route = remembered.get(segment)
        if route is None:
            route = self._find(segment, is_first=is_first)
            if route is not None and len(remembered) < READ_MAX:
                remembered[segment] = route
        return route

    def _find(self, segment: str, *, is_first: bool) -> Route | None:
        spellings = spellings_of(segment)
        for plain in spellings:
            if plain in self._own:
                words = frozenset(PIECE.findall(plain))
                tells_who = not words.isdisjoint(PEOPLE)
                return Route(plain, tells_who, not words.isdisjoint(SECRETS), is_thing=not tells_who)
        if is_first and _is_language(spellings[0]):
            return Route(spellings[0])
        if segment.isascii():
            plain = spellings[0]
            return _shipped(segment) or (Route(plain) if plain in self._of_presets else None)
        found = [route for spelling in _with_cases(segment) if (route := _shipped(spelling))]
        return max(found, key=lambda route: (route.lets_in, route.tells_who)) if found else None

    def may_follow_people(self, route: Route) -> bool:
        """Return whether a route can stand in the place of a person's name without being one."""
        return route.written in self._own or all(word in OF_PEOPLE for word in re.split(r"[_.-]", route.written))


def _with_cases(segment: str) -> tuple[str, ...]:
    """Return a segment without accents, and with the ASCII spellings of German and Scandinavian letters."""
    composed = unicodedata.normalize("NFC", segment)
    written = "".join(each if (plain := each.lower().translate(GERMAN)) == each.lower() else plain for each in composed)
    return _without_accents(segment), _without_accents(written)


def _without_accents(text: str) -> str:
    return "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))


def spellings_of(segment: str) -> tuple[str, ...]:
    """Return a segment in lower case without accents, in each spelling, for comparison with route words."""
    return (segment.lower(),) if segment.isascii() else _with_cases(segment.lower())


def is_number(segment: str) -> bool:
    """Return whether a segment is a number that is too short to name a person."""
    return NUMBER.fullmatch(segment) is not None


def is_short_date(digits: str) -> bool:
    """Return whether six digits could be a day of some year."""
    return SHORT_DATE.fullmatch(digits) is not None


def names_people_or_secrets(text: str) -> tuple[bool, bool]:
    """Return whether any word of a text is a word for people, and whether any is a word for secrets."""
    spellings = (text,) if text.isascii() else _with_cases(text)
    words = {piece.lower() for spelling in spellings for piece in PIECE.findall(spelling)}
    return not words.isdisjoint(PEOPLE), not words.isdisjoint(SECRETS)


def _is_language(plain: str) -> bool:
    language, _, region = plain.replace("_", "-").partition("-")
    return language in LANGUAGES and (not region or (len(region) == 2 and region.isalpha()))  # noqa: PLR2004


def _shipped(segment: str) -> Route | None:
    """Return the route of a segment, by the built-in vocabulary."""
    if VERSION.fullmatch(segment):
        return Route(segment.lower(), digits="" if segment[0] in "vV" else segment.replace(".", ""))
    if not SHAPE.fullmatch(segment):
        return None
    stem, dot, ending = segment.partition(".")
    if dot and ending.lower() not in ENDINGS:
        return None
    words, digits, numbered = _words_of(stem)
    if not words or not WORDS.issuperset(words):
        return None
    # myLessons becomes my-lessons, because in lower case its words could not be separated.
    written = segment.lower() if len(words) == 1 else CASES.sub("-", segment).lower()
    tells_who = not PEOPLE.isdisjoint(words)
    if (digits and (tells_who or not _may_number(numbered, digits))) or not SHAPE.fullmatch(written):
        return None
    last = words[-1].rsplit("_", 1)[-1]
    is_thing = last in THINGS or last in SHORT_THINGS
    return Route(
        written,
        tells_who,
        not SECRETS.isdisjoint(words),
        words[-1] in SELF,
        is_thing=is_thing and not tells_who and not digits,
        is_neutral=NEUTRAL.issuperset(words),
        digits=digits,
    )


def _may_number(word: str, digits: str) -> bool:
    """Return whether digits behind this word are a thing's number, and not a date."""
    longest = SHORT_DIGITS_MAX if word in SHORT_THINGS else DIGITS_MAX if word in THINGS else 0
    return len(digits) <= longest and not is_short_date(digits)


def _words_of(stem: str) -> tuple[list[str], str, str]:
    """Return a segment's words, its only group of digits and the word before it. No words if it has more groups."""
    if stem.lower() in WORDS:
        return [stem.lower()], "", ""
    pieces = PIECE.findall(stem)
    groups = [place for place, piece in enumerate(pieces) if piece.isdigit()]
    if len(groups) > 1 or groups[:1] == [0]:
        return [], "", ""
    words = [piece.lower() for piece in pieces if not piece.isdigit()]
    return (words, pieces[groups[0]], pieces[groups[0] - 1].lower()) if groups else (words, "", "")
