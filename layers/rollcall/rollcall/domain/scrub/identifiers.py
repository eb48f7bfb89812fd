"""Identifiers of courses, lessons and the like: whether one plainly holds something personal. For the hot path."""

import re

from rollcall.domain.scrub.folding import fold, is_escaped, unescape
from rollcall.domain.scrub.limits import DECODINGS_MAX
from rollcall.domain.scrub.rule import TooManyCandidates
from rollcall.domain.scrub.rules import contact, credentials, network, payment, place, telephone
from rollcall.errors import ScrubFailed

# No rule here goes by digits alone: lesson ids are often long numbers. The trigger lets phone numbers in by their plus.
RULES = (
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


def find_personal_identifier(value: str) -> str | None:
    """Return the id of the rule that finds something personal in an identifier, or None: it is fit to be stored.

    One whose Unicode cannot be made plain within bounds is not fit either.
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
    return next((rule.id for text in seen for rule in RULES if rule.find(text)), None)
