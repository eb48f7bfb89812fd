"""Notes: texts of administrators, such as reasons and labels of keys."""

import re

from rollcall.domain.scrub.policy import default_policy
from rollcall.domain.scrub.redaction import REMOVED
from rollcall.domain.scrub.rules.dates import holds_date
from rollcall.domain.scrub.url_path import UrlPaths

WORD = re.compile(r"\S+")
WORDS_OF_A_DATE = (1, 3)  # 2014-03-02, 2 March 2014
YEAR = re.compile(r"(?<![0-9])(?:19|20)[0-9]{2}")
YEAR_MIN = 2024  # years that are more likely the date of an action than a date of birth


class _NoPseudonyms:
    """Removes values instead of making pseudonyms: notes have no key, and need no joins."""

    def pseudonym(self, _: str) -> str:
        return REMOVED

    def is_pseudonym(self, _: str) -> bool:
        return False


def scrub_note(text: str) -> str:
    """Return a note without the values that value rules find, addresses of people's pages and dates of birth.

    Raises:
        ScrubFailed: its Unicode cannot be made plain within bounds.

    """
    policy = default_policy()
    urls = UrlPaths(policy.routes, _NoPseudonyms())
    return _without_dates(urls.scrub_within(policy.texts.scrub(text).value))


def _without_dates(text: str) -> str:
    """Return a text without dates in years in which a learner may have been born."""
    words = list(WORD.finditer(text))
    kept, position, place = [], 0, 0
    while place < len(words):
        count = next((n for n in WORDS_OF_A_DATE if _holds_birth(words[place : place + n])), 0)
        if count:
            last = words[min(place + count, len(words)) - 1]
            kept += [text[position : words[place].start()], REMOVED]
            position = last.end()
        place += count or 1
    return "".join([*kept, text[position:]])


def _holds_birth(words: list[re.Match[str]]) -> bool:
    plain = [word[0].strip(".,;:()") for word in words]
    joined = "-".join(plain)
    years = YEAR.findall(joined)
    begins_here = holds_date(joined) and (len(plain) == 1 or not holds_date("-".join(plain[1:])))
    return begins_here and (not years or any(int(year) < YEAR_MIN for year in years))
