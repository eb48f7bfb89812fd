"""Dates of a day, as people and programs write them."""

import re

from rollcall.domain.scrub.rules.grouping import ANY_GAP, GAP
from rollcall.domain.scrub.rules.months import MONTHS
from rollcall.domain.scrub.rules.outline import is_outline

DATE = re.compile(r"[0-9]{1,2}[./-][0-9]{1,2}[./-](?:[0-9]{4}|[0-9]{2})(?![./-]?[0-9])|[0-9]{4}-[0-9]{2}-[0-9]{2}")
DAY, MONTH, YEAR = r"(?:0?[1-9]|[12][0-9]|3[01])", r"(?:0?[1-9]|1[0-2])", r"(?:19|20)[0-9]{2}"
FULL_DAY, FULL_MONTH = r"(?:0[1-9]|[12][0-9]|3[01])", r"(?:0[1-9]|1[0-2])"
BIRTH_YEAR = r"(?:19[2-9][0-9]|20[01][0-9]|202[0-3])"  # years of birth of any learner
SHORT_BIRTH_YEAR = r"(?:0[5-9]|1[0-9]|2[0-3])"  # years of birth of a child or a student
HAS_YEAR = re.compile(r"(?:19|20)[0-9]{2}")
WITHIN = re.compile(
    r"(?<![0-9])(?:"
    rf"{YEAR}({GAP}){MONTH}\1{DAY}"
    rf"|(?:{DAY}({GAP}){MONTH}|{MONTH}({GAP}){DAY})(?:\2|\3)(?:{YEAR})"
    rf"|{YEAR}\s?[年년]\s?{MONTH}\s?[月월]\s?{DAY}"
    # ISO 8601: days of weeks and of years
    rf"|{YEAR}[._/-]?[Ww](?:0[1-9]|[1-4][0-9]|5[0-3])[._/-]?[1-7]"
    rf"|{BIRTH_YEAR}[._/-](?:0[0-9]{{2}}|[12][0-9]{{2}}|3[0-5][0-9]|36[0-6])(?!-[0-9])"
    # Without separators, only years in which a learner may have been born.
    rf"|{BIRTH_YEAR}{FULL_MONTH}{FULL_DAY}|{FULL_DAY}{FULL_MONTH}{BIRTH_YEAR}"
    r")(?![0-9])"
)
# 02-03-14 and 14-03-02, but not 3.4.12, which is a section's number.
SHORT = re.compile(
    r"(?<![0-9])(?<![0-9][._/-])(?:"
    rf"(?:{FULL_DAY}([._/ -]{{1,2}}+){FULL_MONTH}|{FULL_MONTH}([._/ -]{{1,2}}+){FULL_DAY})(?:\1|\2){SHORT_BIRTH_YEAR}"
    rf"|{SHORT_BIRTH_YEAR}([._/ -]{{1,2}}+){FULL_MONTH}\3{FULL_DAY}"
    r")(?![._/-]?[0-9])"
)
# Begins with a rare pattern, for a fast search.
HAS_SHORT = re.compile(r"[0-9]{2}[._/ -]{1,2}[0-9]{2}[._/ -]{1,2}[0-9]{2}")
WORD = re.compile(r"[^\W\d_]{3,13}+")
ORDINAL = r"(?:st|nd|rd|th|er|re|º|ª|\.)?"
OF = rf"(?:{ANY_GAP})?(?:(?:of|de|del|di)(?:{ANY_GAP}))?"
DAY_BEFORE = re.compile(rf"(?<![0-9]){DAY}{ORDINAL}{OF}\Z", re.IGNORECASE)
YEAR_BEFORE = re.compile(rf"(?<![0-9]){YEAR}(?:{ANY_GAP})?\Z")
YEAR_BEHIND = re.compile(rf"{OF}{YEAR}(?![0-9])", re.IGNORECASE)
DAY_BEHIND = re.compile(rf"(?:{ANY_GAP})?{DAY}{ORDINAL}(?![0-9])", re.IGNORECASE)
DAY_AND_YEAR_BEHIND = re.compile(
    rf"(?:{ANY_GAP})?{DAY}(?:(?:st|nd|rd|th)(?:{ANY_GAP})?|{ANY_GAP}){YEAR}(?![0-9])", re.IGNORECASE
)
REACH = 14


def _names_month(text: str) -> bool:
    """Return whether a month's name stands between or before a day and a year."""
    for word in WORD.finditer(text):
        if word[0].lower() in MONTHS:
            start, end = word.span()
            before = text[max(0, start - REACH) : start]
            if (
                (YEAR_BEHIND.match(text, end) and DAY_BEFORE.search(before))
                or DAY_AND_YEAR_BEHIND.match(text, end)
                or (DAY_BEHIND.match(text, end) and YEAR_BEFORE.search(before))
            ):
                return True
    return False


def holds_date(text: str) -> bool:
    """Return whether a short text has the date of a day, which may be a date of birth."""
    if HAS_YEAR.search(text) and (WITHIN.search(text) or _names_month(text)):
        return True
    return HAS_SHORT.search(text) is not None and any(not is_outline(match) for match in SHORT.finditer(text))
