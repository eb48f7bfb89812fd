"""URL paths: scrub a page's address. Route words and numbers of things are kept, the rest becomes pseudonyms.

This is an allow list. A segment is kept if it only says which page it is. Any other segment becomes a pseudonym, so
that pages can still be distinguished, counted and joined. Segments that grant access are removed.
"""

import re
from collections.abc import Container, Iterator
from urllib.parse import unquote_plus

from rollcall.domain.scrub.addresses import Addresses
from rollcall.domain.scrub.folding import fold, is_escaped, unescape
from rollcall.domain.scrub.limits import DECODINGS_MAX
from rollcall.domain.scrub.markers import is_marker
from rollcall.domain.scrub.path_walk import PathWalk, Pseudonyms
from rollcall.domain.scrub.route_words import PARAMETERS, PARAMETERS_OF_PEOPLE, PARAMETERS_OF_THINGS
from rollcall.domain.scrub.routes import RouteWords
from rollcall.errors import ScrubFailed

URL_MAX, PATH_MAX = 8_192, 2_048  # characters
PARAMETERS_MAX, MARKING_MAX = 16, 64
REMEMBERED_MAX, REMEMBERED_CHARACTERS_MAX = 4_096, 512
ORIGIN = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]{0,31}+:)?+//(?P<host>[^/?#]*+)")
# Without a scheme, the text behind two slashes is a host only if it cannot be a word of a path.
HOST = re.compile(r"\.|^localhost$|:[0-9]{1,5}$")
CAMPAIGN = "utm"  # the name of a campaign does not identify the page


class UrlPaths:
    """Scrubs the URLs of one organisation. `known` has further segments to keep: ids of its own courses."""

    def __init__(self, words: RouteWords, pseudonymiser: Pseudonyms, known: Container[str] = ()) -> None:
        self._words = words
        self._pseudonymiser = pseudonymiser
        self._known = known
        self._remembered: dict[tuple[int, int], str] = {}
        self._addresses = Addresses(self.scrub, words)

    def scrub(self, url: str) -> str | None:
        """Return a URL, path or query, scrubbed, or None if the text is none of these or cannot be read."""
        code = hash(url), hash(url[::-1])  # a new key in each process: the remembered hash does not reveal the URL
        kept = self._remembered.get(code)
        if kept is None:
            kept = self._scrub(url) if len(url) <= URL_MAX else None
            if kept is not None and len(url) <= REMEMBERED_CHARACTERS_MAX:
                if len(self._remembered) >= REMEMBERED_MAX:
                    self._remembered.clear()
                self._remembered[code] = kept
        return kept

    def scrub_within(self, text: str) -> str:
        """Return a text with its addresses of pages scrubbed, or the scrubbed path if the text is one."""
        return self._addresses.scrub(text)

    def _scrub(self, url: str) -> str | None:
        plain = url.strip().replace("\\", "/")
        origin = ORIGIN.match(plain)
        if origin and not origin["scheme"] and not HOST.search(origin["host"]):
            origin = None
        rest = plain[origin.end() :] if origin else plain
        if not origin and rest[:1] not in ("/", "?"):
            return None
        raw_path, _, query = rest.partition("#")[0].partition("?")
        path = _decoded(raw_path)
        if path is None or len(path) > PATH_MAX:
            return None
        walk = PathWalk(self._words, self._pseudonymiser, self._known)
        kept = walk.scrub(path.partition("#")[0].partition("?")[0])
        asked = "&".join(_parameters(query, walk)) if query else ""
        if not kept and rest[:1] == "?":
            return f"?{asked}" if asked else None
        return f"{kept or '/'}?{asked}" if asked else kept or "/"


def _parameters(query: str, walk: PathWalk) -> Iterator[str]:
    """Yield the parameters of a query that are kept."""
    parameters = [
        (name, re.sub("[_-]", "", name.lower()), value)
        for parameter in re.split("[&;]", query, maxsplit=PARAMETERS_MAX)[:PARAMETERS_MAX]
        for name, value in [tuple(map(_decoded_parameter, parameter.partition("=")[::2]))]
        if name and value
    ]
    for _, plain, value in parameters:
        # One parameter may say that another names a person, whether it is kept or not: ?view=user&id=42.
        if len(value) <= MARKING_MAX and " " not in value and not plain.startswith(CAMPAIGN) and not is_marker(value):
            walk.mark(value)
    for name, plain, value in parameters:
        kept = _parameter(plain, value, walk)
        if kept and not is_marker(kept):
            yield f"{name.lower()}={kept}"


def _parameter(plain: str, value: str, walk: PathWalk) -> str | None:
    if plain in PARAMETERS_OF_PEOPLE:
        return walk.pseudonym(value)
    if plain not in PARAMETERS:
        return None
    return walk.word(value) if walk.is_secret else walk.value(value, names_a_thing=plain in PARAMETERS_OF_THINGS)


def _decoded(text: str) -> str | None:
    """Return a text decoded as a browser would, or None if it is encoded too often."""
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
