"""Identifiers of courses, lessons and the like: whether one holds something personal. For the hot path."""

import re
from collections.abc import Container
from functools import cache

from rollcall.domain.scrub.folding import fold, is_escaped, unescape
from rollcall.domain.scrub.limits import DECODINGS_MAX
from rollcall.domain.scrub.rule import TooManyCandidates
from rollcall.domain.scrub.rules import contact, credentials, network, payment, place, telephone
from rollcall.domain.scrub.text import TextScrubber
from rollcall.errors import ScrubFailed

DATE_RULE = "@date"
# Rules that a catalogue cannot override. None of them goes by digits alone, because ids are often long numbers. The
# trigger lets phone numbers with a plus reach the rules.
PLAIN_RULES = (
    credentials.PEM,
    credentials.JWT,
    credentials.BEARER,
    credentials.API_KEY,
    network.URL_USERINFO,
    contact.EMAIL,
    payment.IBAN,
    telephone.INTERNATIONAL,
    network.MAC,
    place.USER_PATH,
)
TRIGGER = re.compile(
    r"[@%&\\\x80-\U0010ffff]|://|ey[JAI]|[Bb][Ee][Aa][Rr][Ee][Rr]|[Bb][Aa][Ss][Ii][Cc]|[Nn]egotiate|-----BEGIN"
    r"|A(?:KI|SI|BI|CC|RO|ID)A|AIza|ya29|GOC|[srp]k_|whsec|gh[pousr]_|github_pat|glpat|xox|xapp|sk-|npm_|pypi-|hf_"
    r"|dop_v1|SG\.|key-|SK[0-9a-f]|AC[0-9a-f]|shp|sq0|EAA|hooks\.slack|[0-9]:AA"
    r"|[A-Za-z]{2}[ -]?[0-9][ -]?[0-9](?:[ -]?[0-9A-Za-z]){11}"
    r"|\+[ (]{0,2}[0-9]|(?:[0-9A-Fa-f]{2}[:-]){5}|/home/|/Users/"
)


@cache
def _texts() -> TextScrubber:
    return TextScrubber()


def find_personal_identifier(value: str, known: Container[str] = ()) -> str | None:
    """Return the id of the rule that finds an identifier personal, or None: the identifier may be stored.

    The value rules are those of tokens, dates among them. What is known, by an organisation's catalogue, is fit unless
    it is plainly personal. One whose Unicode cannot be made plain within bounds is not fit either.
    """
    texts = _texts()
    try:
        if texts.is_clean_id(value):
            return None
        rule = next(iter(texts.scrub(value).rules), DATE_RULE)
    except ScrubFailed:
        return "@limit:unicode"
    return find_plainly_personal(value) if value in known else rule


def find_plainly_personal(value: str) -> str | None:
    """Return the id of the rule that finds an identifier personal even if a catalogue has it, or None.

    Addresses, telephone numbers with their plus, accounts, credentials.
    """
    try:
        return _find(value) if TRIGGER.search(value) else None
    except TooManyCandidates:
        return "@limit:candidates"
    except ScrubFailed:
        return "@limit:unicode"


def _find(value: str) -> str | None:
    seen = [fold(value)]
    while is_escaped(seen[-1]) and len(seen) <= DECODINGS_MAX:
        seen.append(fold(unescape(seen[-1])))
    if len(seen) > DECODINGS_MAX and is_escaped(seen[-1]):
        return "@limit:encoding"
    return next((rule.id for text in seen for rule in PLAIN_RULES if rule.find(text)), None)
