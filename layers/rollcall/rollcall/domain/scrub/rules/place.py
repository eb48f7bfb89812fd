"""Places of people, and names of their computers."""

import re

from rollcall.domain.scrub.route_words import PEOPLE, WORDS
from rollcall.domain.scrub.rule import Rule, Span

LATITUDE_MAX, LONGITUDE_MAX = 90, 180


def _on_earth(match: re.Match[str]) -> Span | None:
    if match[1] is None:
        return match.span()
    sizes = sorted((abs(float(match[1])), abs(float(match[2]))))
    return match.span() if sizes[0] <= LATITUDE_MAX and sizes[1] <= LONGITUDE_MAX else None


COORDINATES = Rule(
    "@coordinates",
    (
        r"(?<![0-9])(?<![0-9]\.)([+-]?[0-9]{1,3}\.[0-9]{3,15})°?\s?[NSns]?"
        r"\s{0,2}[,;/ ]\s{0,2}([+-]?[0-9]{1,3}\.[0-9]{3,15})"
        r"°?\s?[EWOewo]?(?![0-9]|\.[0-9])"
        r"|(?<![0-9])[0-9]{1,3}\s?°\s?[0-9]{1,2}\s?['´]\s?(?:[0-9]{1,2}(?:[.,][0-9]{1,6})?\s?(?:\"|''))?\s?[NSns]"
        r"[,;/ ]{1,3}[0-9]{1,3}\s?°\s?[0-9]{1,2}\s?['´]\s?(?:[0-9]{1,2}(?:[.,][0-9]{1,6})?\s?(?:\"|''))?\s?[EWOewo]"
    ),
    _on_earth,
)


PAGES = WORDS - PEOPLE  # /home/lessons/3 is a page


USER_PATH = Rule(
    "@user_path",
    (
        r"(?:(?<![A-Za-z0-9])/home/|/Users/|(?<![A-Za-z])[A-Za-z]:[\\/]{1,2}(?:Users|Documents and Settings)[\\/]{1,2}"
        r"|\\{1,2}Users\\{1,2})"
        r"((?!Shared\b|Public\b)(?:[^/\\:*?\"<>|\r\n\[]{1,64}(?=[/\\])|[^/\\\s:*?\"<>|\[]{1,64}))"
    ),
    lambda match: None if match[0].startswith("/home/") and match[1] in PAGES else match.span(1),
)

BIRTH_DATE = Rule(
    "@birth_date",
    (
        r"(?<![0-9])(?<![0-9][./-])(?:[0-9]{4}[._/-][0-9]{1,2}[._/-][0-9]{1,2}|[0-9]{1,2}[._/-][0-9]{1,2}[._/-](?:[0-9]{4}|[0-9]{2})"
        r"|[0-9]{1,2}(?:st|nd|rd|th|\.)?\s(?:of\s)?[A-Za-z]{3,9},?\s[0-9]{4}|[A-Za-z]{3,9}\s[0-9]{1,2}(?:st|nd|rd|th)?,?\s[0-9]{4})"
        r"(?![0-9])"
    ),
    None,
    ("born", "birth", "birthday", "birthdate", "dob", "d\\.o\\.b", "geboren", "geburtsdatum", "né le", "née le",
             "naissance", "nacido", "nacida", "nacimiento", "nato", "nata", "nascita"),
)  # fmt: skip
