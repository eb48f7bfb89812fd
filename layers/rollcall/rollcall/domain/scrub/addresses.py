"""Addresses within texts: URLs with any scheme and encoding, and paths without a host."""

import re
from collections.abc import Callable
from itertools import pairwise

from rollcall.domain.scrub.folding import fold, is_escaped, unescape
from rollcall.domain.scrub.limits import CLEAN_MAX, CLEAN_PATH_MAX, DECODINGS_MAX
from rollcall.domain.scrub.redaction import REMOVED
from rollcall.domain.scrub.routes import RouteWords, names_people_or_secrets
from rollcall.errors import ScrubFailed

# Characters that are, or decode to, a slash: the slash, look-alikes, and the beginnings of encodings.
SLASHES = re.compile(r"[/\\%&／⁄∕＼﹨％﹪＆﹠]")
# A run with a slash and without blanks. An apostrophe only between letters, as in O'Brien.
PLACE = re.compile(
    r"(?<![^\s\"<>|'`])(?:[^\s\"<>|'`/\\]|(?<=\w)'(?=\w))*+[/\\](?:[^\s\"<>|'`]|(?<=\w)'(?=\w))*+",
)
WORD_START = r"(?:^|(?<=[(\[{=:,;#!*@]))"
START = re.compile(
    r"(?:(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{0,31}+:[/\\]{2,}+[^/\\?#]*+"
    rf"|{WORD_START}[A-Za-z0-9-]{{1,63}}+(?:\.[A-Za-z0-9-]{{1,63}}+){{1,8}}+(?<=[A-Za-z][A-Za-z])(?::[0-9]{{1,5}}+)?+(?=[/\\]))"
    # A path begins at the beginning of a word: (/users/jane), path=/users/jane, #/users/jane.
    rf"|{WORD_START}(?P<path>[/\\]++(?:[~@]|[^/\\?]++[/\\?]))"
)
SIGNS_BEFORE_A_PATH = "([{=:,;#!*"
PUNCTUATION = re.compile(r"[.,:;!?)}]{1,4}$")
BACKSLASHES_OF_A_PATH = re.compile(r"\\++[^\\/\s?]++[\\/?]")
SEPARATORS = re.compile(r"[/\\]+")
SEGMENTS_MAX = 64


def may_have_urls(text: str) -> bool:
    """Return whether a text may contain addresses of pages, or be a path."""
    if text.isascii():
        return "/" in text or "\\" in text or "%" in text or "&" in text
    return SLASHES.search(text) is not None


class Addresses:
    """Scrubs the addresses within texts. `scrub_url` returns the scrubbed address, or None to remove it."""

    def __init__(self, scrub_url: Callable[[str], str | None], words: RouteWords) -> None:
        self._scrub_url = scrub_url
        self._words = words
        self._clean: set[int] = set()

    def scrub(self, text: str) -> str:
        """Return a text with each address scrubbed. A text without addresses is returned unchanged."""
        if not may_have_urls(text):
            return text
        code = hash(text)  # a new key in each process: the remembered hash does not reveal the text
        if code in self._clean:
            return text
        kept = self._scrub(text)
        if kept == text and len(text) <= CLEAN_PATH_MAX:
            if len(self._clean) >= CLEAN_MAX:
                self._clean.clear()
            self._clean.add(code)
        return kept

    def _scrub(self, text: str) -> str:
        """Scrub a text, decoding one encoding after another."""
        try:
            kept, seen = text, fold(text)
            for _ in range(DECODINGS_MAX + 1):
                scrubbed = self._plain(seen)
                if scrubbed != seen:
                    kept = seen = scrubbed
                if not is_escaped(seen) or (decoded := fold(unescape(seen))) == seen:
                    return kept
                seen = decoded
        except ScrubFailed:
            return REMOVED
        return REMOVED

    def _plain(self, text: str) -> str:
        """Scrub a decoded text: as a path, or the addresses within it."""
        if "/" not in text and "\\" not in text:
            return text
        path = text.strip()
        if path[:1] in ("/", "\\", "#") and not re.search(r"\s", path):
            fragment = "#" if path[0] == "#" else ""
            path = path.removeprefix("#")
            if path[:1] == "/" or BACKSLASHES_OF_A_PATH.match(path):
                kept = self._scrub_url(path)
                return fragment + (REMOVED if kept is None else kept)
        return PLACE.sub(lambda match: self._place(match[0]), text)

    def _place(self, text: str) -> str:
        """Scrub a run with a slash and without blanks."""
        start = START.search(text)
        if start is None or (start["path"] or "")[:1] == "\\":
            return self._relative(text)
        begin = start.start() if start["path"] else start.end()
        head, (address, behind) = text[:begin], _without_punctuation(text[begin:])
        if not address:
            return text
        if not start["path"] and address[0] in "/\\":
            address = "/" + address.lstrip("/\\")
        kept = self._scrub_url(address)
        return f"{head}{REMOVED if kept is None else kept}{behind}"

    def _relative(self, text: str) -> str:
        """Scrub a path without its first slash, if one of its words is followed by a person or a code."""
        first = SEPARATORS.split(text, maxsplit=1)[0]
        begin = max(map(first.rfind, SIGNS_BEFORE_A_PATH)) + 1
        head, (path, behind) = text[:begin], _without_punctuation(text[begin:])
        segments = SEPARATORS.split(path, maxsplit=SEGMENTS_MAX)
        for segment, following in pairwise(segments):
            if not following or segment.isdigit() or not any(names_people_or_secrets(segment)):
                continue
            route = self._words.read(segment)
            if route and (route.tells_who or route.lets_in):
                kept = self._scrub_url("/" + path.lstrip("/\\"))
                bare = REMOVED if kept is None else kept
                return head + (bare if path[0] in "/\\" else bare.removeprefix("/")) + behind
        return text


def _without_punctuation(text: str) -> tuple[str, str]:
    """Split off the signs that end a sentence: return the text and these signs."""
    end = PUNCTUATION.search(text)
    return (text[: end.start()], end[0]) if end else (text, "")
