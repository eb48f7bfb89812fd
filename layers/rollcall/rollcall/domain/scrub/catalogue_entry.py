"""Entries of an organisation's course catalogue: what is no id of anything, and what only admin:super lets through."""

import re
from functools import cache

from rollcall.domain.scrub.identifiers import find_plainly_personal
from rollcall.domain.scrub.text import TextScrubber
from rollcall.errors import ScrubFailed

# Formats that only numbers of persons have. Bare digits are often an id's.
GROUPED_RULES = frozenset({"@us_ssn", "@phone"})
CARD_RULE = "@payment_card"
GROUPED = re.compile(r"[0-9][^0-9A-Za-z]{1,3}[0-9]")
BLANK = re.compile(r"\s")


@cache
def _texts() -> TextScrubber:
    return TextScrubber()


def find_personal_entry(value: str) -> str | None:
    """Return the id of the rule that an entry is personal by, or None: cards, and grouped numbers of people too."""
    plainly = find_plainly_personal(value)
    if plainly:
        return plainly
    try:
        rules = _texts().scrub(value).rules
    except ScrubFailed:
        return "@limit:unicode"
    refused = {CARD_RULE, *GROUPED_RULES} if GROUPED.search(value) else {CARD_RULE}
    return next((rule for rule in rules if rule in refused), None)


def may_be_text(value: str) -> bool:
    """Return whether an entry has blanks in it, as names of people and sentences have."""
    return BLANK.search(value) is not None
