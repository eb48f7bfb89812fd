"""URL paths: what may be kept of a page's address. Words of routes and short numbers; the rest becomes pseudonyms.

Nothing here lists what is dangerous. A segment is kept when it says nothing but which page it is; any other is made a
pseudonym, so that pages are still told apart, counted and joined; what lets somebody in is removed.
"""

import re
from collections.abc import Container, Iterator
from urllib.parse import unquote_plus

from rollcall.domain.scrub.folding import fold, is_escaped, unescape
from rollcall.domain.scrub.limits import DECODINGS_MAX
from rollcall.domain.scrub.markers import is_marker
from rollcall.domain.scrub.pseudonym import HEX_DIGITS, Pseudonymiser
from rollcall.domain.scrub.redaction import REMOVED
from rollcall.domain.scrub.route_words import PARAMETERS, PARAMETERS_OF_PEOPLE
from rollcall.domain.scrub.routes import DIGITS_MAX, RouteWords, is_number
from rollcall.errors import ScrubFailed

URL_MAX, PATH_MAX = 8_192, 2_048  # characters
SEGMENTS_MAX, PARAMETERS_MAX = 32, 16
SEGMENT_MAX = 256
REMEMBERED_MAX, REMEMBERED_CHARACTERS_MAX = 4_096, 512
ORIGIN = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]{0,31}:)?//[^/?#]*")
# Of pages, within a text. Who is named before the host is a value rule's to find.
ADDRESS = re.compile(
    rf"(?P<origin>(?<![A-Za-z])(?:https?|wss?)://[^\s/?#\"'<>]{{1,255}}+)(?P<rest>[/?#][^\s\"'<>]{{0,{URL_MAX}}}+)"
)
PUNCTUATION = re.compile(r"[.,:;!?)}]{1,4}$")
# What is drawn rather than written: hexadecimal, base64, tokens with a signature.
JWT = re.compile(r"ey[A-Za-z0-9_-]{8,}\.")
HEXADECIMAL = re.compile(r"[0-9a-fA-F]{32,}")
PIECES = re.compile(r"[A-Za-z0-9+=]+")
DRAWN_MIN, DRAWN_WITH_CASES_MIN = 25, 16
NAMES_A_PERSON = "~@"  # /~jane, /@jane: the rest is who


class UrlPaths:
    """Scrubs the URLs of one organisation. `known` has further segments that are kept: ids of its own courses."""

    def __init__(self, words: RouteWords, pseudonymiser: Pseudonymiser, known: Container[str] = ()) -> None:
        self._words = words
        self._pseudonymiser = pseudonymiser
        self._known = known
        self._remembered: dict[tuple[int, int], str] = {}

    def scrub(self, url: str) -> str | None:
        """Return what may be kept of a URL, a path or a query; None where it is none of these, or cannot be read."""
        code = hash(url), hash(url[::-1])  # keyed anew in each process: what is remembered tells nothing about the URL
        kept = self._remembered.get(code)
        if kept is None:
            kept = self._scrub(url) if len(url) <= URL_MAX else None
            if kept is not None and len(url) <= REMEMBERED_CHARACTERS_MAX:
                if len(self._remembered) >= REMEMBERED_MAX:
                    self._remembered.clear()
                self._remembered[code] = kept
        return kept

    def scrub_within(self, text: str) -> str:
        """Return a text with what may be kept of the pages that it has the addresses of; or of the path that it is."""
        if text[:1] == "/" and " " not in text:
            kept = self.scrub(text)
            return REMOVED if kept is None else kept
        return ADDRESS.sub(self._kept_address, text) if "://" in text else text

    def _kept_address(self, match: re.Match[str]) -> str:
        rest = match["rest"]
        address, behind = (rest[: -len(end[0])], end[0]) if (end := PUNCTUATION.search(rest)) else (rest, "")
        kept = self.scrub(address) if address else ""
        return f"{match['origin']}{REMOVED if kept is None else kept}{behind}"

    def _scrub(self, url: str) -> str | None:
        plain = url.strip().replace("\\", "/")
        origin = ORIGIN.match(plain)
        rest = plain[origin.end() :] if origin else plain
        if not origin and rest[:1] not in ("/", "?"):
            return None
        raw_path, _, query = rest.partition("#")[0].partition("?")
        path = _decoded(raw_path)
        if path is None or len(path) > PATH_MAX:
            return None
        walk = _PathWalk(self._words, self._pseudonymiser, self._known)
        kept = walk.scrub(path.partition("#")[0].partition("?")[0])
        asked = "&".join(self._parameters(query, walk))
        if not kept and rest[:1] == "?":
            return f"?{asked}" if asked else None
        return f"{kept or '/'}?{asked}" if asked else kept or "/"

    def _parameters(self, query: str, walk: "_PathWalk") -> Iterator[str]:
        """Yield the parameters of a query that are kept."""
        for parameter in re.split("[&;]", query, maxsplit=PARAMETERS_MAX)[:PARAMETERS_MAX]:
            name, _, value = map(_decoded_parameter, parameter.partition("="))
            if not name or not value:
                continue
            plain = re.sub("[_-]", "", name.lower())
            if plain in PARAMETERS_OF_PEOPLE or (plain in PARAMETERS and walk.names_people):
                kept = value if walk.is_route(value) and plain in PARAMETERS else walk.pseudonym(value)
            elif plain in PARAMETERS and not walk.is_secret:
                kept = walk.word(value)
            else:
                continue
            if not is_marker(kept):
                yield f"{name.lower()}={kept}"


def may_have_urls(text: str) -> bool:
    """Tell whether a text has addresses of pages in it, or is a path."""
    return text[:1] == "/" or "://" in text


class _PathWalk:
    """One walk over the segments of one path."""

    def __init__(self, words: RouteWords, pseudonymiser: Pseudonymiser, known: Container[str]) -> None:
        self._words = words
        self._pseudonymiser = pseudonymiser
        self._known = known
        self._is_who = False
        self.names_people = False
        self.is_secret = False

    def scrub(self, path: str) -> str:
        """Return what may be kept of a path whose encodings are undone."""
        segments = _segments(path)
        kept = [self._segment(segment, is_first=not place) for place, segment in enumerate(segments[:SEGMENTS_MAX])]
        if len(segments) > SEGMENTS_MAX:
            kept.append(REMOVED)
        slash = "/" if kept and path.endswith("/") else ""
        return "".join(f"/{segment}" for segment in self._without_long_numbers(kept)) + slash

    def word(self, text: str) -> str:
        """Return what may be kept of one value: itself, its pseudonym, or a mark that it was removed."""
        if is_number(text):
            return text
        route = self._words.read(text)
        return route.written if route else self.pseudonym(text)

    def is_route(self, text: str) -> bool:
        """Tell whether this is a word of a route."""
        return self._words.read(text) is not None

    def pseudonym(self, text: str) -> str:
        """Return a pseudonym of what may be somebody's; a mark where it lets somebody in, or is no name of anything."""
        if is_marker(text):
            return text
        if len(text) > SEGMENT_MAX:
            return REMOVED
        if len(text) == HEX_DIGITS and self._pseudonymiser.is_pseudonym(text):
            return text
        return REMOVED if is_drawn(text) else self._pseudonymiser.pseudonym(text.lstrip(NAMES_A_PERSON) or text)

    def _segment(self, segment: str, *, is_first: bool) -> str:
        if segment in self._known:
            return segment
        route = self._words.read(segment, is_first=is_first)
        if route and (not self._is_who or route.tells_who or self._words.may_follow_people(route)):
            self._is_who = not route.is_self and (route.tells_who or self._is_who)
            self.names_people = self.names_people or self._is_who
            self.is_secret = self.is_secret or route.lets_in
            return route.written
        if self.is_secret:
            return REMOVED
        if is_number(segment) and not self._is_who:
            return segment
        self._is_who = False
        return self.pseudonym(segment)

    def _without_long_numbers(self, segments: list[str]) -> Iterator[str]:
        """Yield segments; of numbers that follow each other, and together are as long as a date, one pseudonym."""
        run: list[str] = []
        for segment in [*segments, ""]:
            if is_number(segment):
                run.append(segment)
                continue
            if sum(map(len, run)) > DIGITS_MAX:
                yield self.pseudonym("/".join(run))
            else:
                yield from run
            run = []
            if segment:
                yield segment


def _decoded(text: str) -> str | None:
    """Return a text as a browser would read it, however often it was encoded; None where that has no end."""
    try:
        for _ in range(DECODINGS_MAX + 1):
            text = fold(text).replace("\\", "/")
            if not is_escaped(text):
                return text
            text = unescape(text)
    except ScrubFailed:
        return None
    return None


def _decoded_parameter(text: str) -> str:
    return (_decoded(unquote_plus(text)) or "").strip()


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
    """Tell whether a text looks drawn at random, as tokens are, rather than written as the name of something."""
    if JWT.match(text) or HEXADECIMAL.fullmatch(text):
        return True
    for piece in PIECES.findall(text):
        is_mixed = not piece.isalpha() and not piece.isdigit()
        has_cases = piece.lower() != piece != piece.upper()
        if is_mixed and len(piece) >= (DRAWN_WITH_CASES_MIN if has_cases else DRAWN_MIN):
            return True
    return False
