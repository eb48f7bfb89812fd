"""Dates: of a day, as people and programs write them."""

import re

DATE = re.compile(r"[0-9]{1,2}[./-][0-9]{1,2}[./-](?:[0-9]{4}|[0-9]{2})(?![./-]?[0-9])|[0-9]{4}-[0-9]{2}-[0-9]{2}")
DAY, MONTH, YEAR = r"(?:0?[1-9]|[12][0-9]|3[01])", r"(?:0?[1-9]|1[0-2])", r"(?:19|20)[0-9]{2}"
NAMED_MONTH = (
    "jan|feb|mar|mär|apr|may|mai|mei|jun|jul|aug|sep|oct|okt|nov|dec|dez|ene|abr|ago|dic|fev|avr|giu|lug|set|ott|out"
)
WITHIN = re.compile(
    r"(?<![0-9])(?:"
    rf"{YEAR}([._/:+-]){MONTH}\1{DAY}"
    rf"|(?:{DAY}([._/:+-]){MONTH}|{MONTH}([._/:+-]){DAY})(?:\2|\3)(?:{YEAR})"
    rf"|{DAY}[._/:+-]?(?:{NAMED_MONTH})[a-zé]{{0,7}}+[._/:+-]?{YEAR}|{YEAR}[._/:+-]?(?:{NAMED_MONTH})[a-zé]{{0,7}}+[._/:+-]?{DAY}"
    # Without anything between, only where somebody who learns may have been born.
    r"|(?:19[2-9][0-9]|20[01][0-9]|202[0-3])(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
    r"|(?:0[1-9]|[12][0-9]|3[01])(?:0[1-9]|1[0-2])(?:19[2-9][0-9]|20[01][0-9]|202[0-3])"
    r")(?![0-9])",
    re.IGNORECASE,
)


def holds_date(text: str) -> bool:
    """Tell whether there is a date of a day in a short text: it may be when somebody was born."""
    return WITHIN.search(text) is not None
