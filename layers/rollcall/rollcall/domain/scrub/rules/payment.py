"""Payment cards and bank accounts."""

import re
from functools import cache

from rollcall.domain.scrub.rule import Rule, Span
from rollcall.domain.scrub.rules.check_digits import luhn, mod_97
from rollcall.domain.scrub.rules.surroundings import is_in_uuid

# Issuer prefixes and lengths: ISO/IEC 7812 and the schemes' own pages.
ISSUED = re.compile(
    r"4[0-9]{12}(?:[0-9]{3}){0,2}"  # Visa
    r"|(?:5[1-5][0-9]{2}|222[1-9]|22[3-9][0-9]|2[3-6][0-9]{2}|27[01][0-9]|2720)[0-9]{12}"  # Mastercard
    r"|3[47][0-9]{13}"  # American Express
    r"|3(?:0[0-59]|[689][0-9])[0-9]{11,16}"  # Diners Club
    r"|(?:2131|1800)[0-9]{11}|35[0-9]{14,17}"  # JCB, and what is as yet not issued of 35
    r"|220[0-4][0-9]{12,15}"  # Mir
    r"|(?:0604|5018|5020|5038|5[6-8][0-9]{2}|6304|6390|67[0-9]{2})[0-9]{8,15}"  # Maestro
    r"|6[0-9]{15,18}|8[12][0-9]{14}"  # Discover, UnionPay, RuPay and others
)
AROUND = re.compile(r"[0-9A-Za-z]{1,128}")
HEX_DIGEST = re.compile(r"[0-9a-f]{32,128}")
DIGITS, SIGNS = "0123456789", " -._/:+*~"
SEPARATORS = str.maketrans("", "", SIGNS)


def _card(match: re.Match[str]) -> Span | None:
    """Return a card's number; a last group that makes it none is left out, as it belongs to what follows."""
    found = match[0]
    for text in (found, found.rstrip(DIGITS).rstrip(SIGNS)):
        digits = text.translate(SEPARATORS)
        if ISSUED.fullmatch(digits) and luhn(digits) and not is_in_uuid(match):
            is_drawn = len(digits) == len(found) and _is_in_digest(match)
            return None if is_drawn else (match.start(), match.start() + len(text))
    return None


def _is_in_digest(match: re.Match[str]) -> bool:
    """Tell whether the digits are part of a longer hexadecimal text, such as a pseudonym."""
    for token in AROUND.finditer(match.string, max(0, match.start() - 128), match.end() + 128):
        if token.start() <= match.start() and match.end() <= token.end():
            return HEX_DIGEST.fullmatch(token[0]) is not None
    return False


PAYMENT_CARD = Rule(
    "@payment_card",
    (
        r"(?<![0-9])(?:[0-68][0-9]{11,18}"
        r"|[0-68][0-9]{3}([ ._/:+*~-]{1,2})(?:[0-9]{4}\1[0-9]{4}\1[0-9]{4}(?:\1[0-9]{1,3})?|[0-9]{6}\1[0-9]{4,5}"
        r"|[0-9]{4}\1[0-9]{4,5}|[0-9]{8,15})"
        r"|[0-68](?:[ ._/:+*~-][0-9]){11,18})(?![0-9])"
    ),
    _card,
    shape=r"0(?:[^0]{0,2}0){11}",
)

# Lengths by country: the registry of ISO 13616 (SWIFT, release 98).
IBAN_LENGTHS = {
    country: length
    for length, countries in {
        15: "NO", 16: "BE", 18: "DK FO FI GL NL SD FK", 19: "MK SI", 20: "AT BA EE KZ XK LT LU MN",
        21: "CR HR LV LI CH", 22: "BH BG GE DE IE ME RS GB VA", 23: "GI IQ IL TL AE OM SO",
        24: "AD CZ MD PK RO SA SK ES SE TN VG", 25: "PT ST LY", 26: "IS TR", 27: "FR GR IT MC MR SM BI DJ",
        28: "AL AZ BY CY DO SV GT HU LB PL NI", 29: "BR EG PS QA UA",
        30: "JO KW MU YE", 31: "MT SC", 32: "LC", 33: "RU",
    }.items()
    for country in countries.split()
}  # fmt: skip


@cache
def _account(length: int) -> re.Pattern[str]:
    """Return what finds as many letters and digits, however they are grouped."""
    return re.compile(rf"[0-9A-Za-z](?:[ ._:/+-]?[0-9A-Za-z]){{{length - 1}}}")


def _iban(match: re.Match[str]) -> Span | None:
    text = match.string
    start = match.start() - (3 if not text[match.start() - 1].isalpha() else 2)
    length = IBAN_LENGTHS.get(text[start : start + 2].upper())
    whole = _account(length).match(text, start) if length else None
    if not whole or text[whole.end() : whole.end() + 1].isalnum():
        return None
    found = whole[0].translate(SEPARATORS).upper()
    return (start, whole.end()) if mod_97(found[4:] + found[:4]) == 1 else None


# A country's two letters stand before the check digits, which are searched for, as they are rarer.
IBAN = Rule(
    "@iban",
    (
        r"[0-9](?<![0-9].)"
        r"(?:(?<=[A-Za-z]{2}.)(?<![0-9A-Za-z][A-Za-z]{2}.)"
        r"|(?<=[A-Za-z]{2}[ ._:/+-].)(?<![0-9A-Za-z][A-Za-z]{2}[ ._:/+-].))"
        r"[ ._:/+-]?[0-9](?=[ ._:/+-]?[0-9A-Za-z])"
    ),
    _iban,
    shape=r"(?<![0a])aa[^0a]?0",
)
