"""Entries of an organisation's course catalogue: texts that are not ids, and ids that only admin:super may allow."""

import re
from functools import cache

from rollcall.domain.scrub.identifiers import find_plainly_personal
from rollcall.domain.scrub.text import TextScrubber
from rollcall.errors import ScrubFailed

# Numbers in a form that only numbers of people have. Bare digits are often ids.
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
    """Return whether an entry has blanks, as names of people and sentences have."""
    return BLANK.search(value) is not None
