"""Payment cards and bank accounts."""

import re
from functools import cache

from rollcall.domain.scrub.rule import Rule, Span
from rollcall.domain.scrub.rules.check_digits import luhn, mod_97
from rollcall.domain.scrub.rules.grouping import ANY_GAP
from rollcall.domain.scrub.rules.surroundings import is_in_digest, is_in_uuid

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
SIGNS = re.compile(r"[\W_]{1,3}+")
LAST_GROUP = re.compile(rf"{ANY_GAP}[0-9]{{1,15}}\Z")


def _card(match: re.Match[str]) -> Span | None:
    """Return a card's number. A last group that makes it invalid is left out: it belongs to the text behind."""
    found = match[0]
    for text in (found, LAST_GROUP.sub("", found)):
        digits = SIGNS.sub("", text)
        if ISSUED.fullmatch(digits) and luhn(digits) and not is_in_uuid(match):
            is_drawn = len(digits) == len(found) and is_in_digest(match)
            return None if is_drawn else (match.start(), match.start() + len(text))
    return None


PAYMENT_CARD = Rule(
    "@payment_card",
    (
        r"(?<![0-9])(?:[0-68][0-9]{11,18}"
        rf"|[0-68][0-9]{{3}}{ANY_GAP}(?:[0-9]{{4}}{ANY_GAP}[0-9]{{4}}{ANY_GAP}[0-9]{{4}}(?:{ANY_GAP}[0-9]{{1,3}}(?![0-9]))?+"
        rf"|[0-9]{{6}}{ANY_GAP}[0-9]{{4,5}}|[0-9]{{4}}{ANY_GAP}[0-9]{{4,5}}|[0-9]{{8,15}})"
        # Digit by digit, commas and bars part scores.
        r"|[0-68](?:[ ._/:+*~-]{1,3}+[0-9]){11,18})(?![0-9])"
    ),
    _card,
    shape=r"0(?:[^0]{0,3}0){11}",
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
    return re.compile(rf"[0-9A-Za-z](?:[\W_]{{0,3}}+[0-9A-Za-z]){{{length - 1}}}")


COUNTRY_BEFORE = re.compile(r"([A-Za-z]{2})[\W_]{0,2}\Z")
ACCOUNT_DIGITS_MIN = 10  # fewer are words of a sentence


def _iban(match: re.Match[str]) -> Span | None:
    text, first = match.string, match.start()
    country = COUNTRY_BEFORE.search(text, max(0, first - 4), first)
    length = IBAN_LENGTHS.get(country[1].upper()) if country else None
    whole = _account(length).match(text, country.start()) if country and length else None
    if not whole or sum(map(str.isdigit, whole[0])) < ACCOUNT_DIGITS_MIN:
        return None
    found = SIGNS.sub("", whole[0]).upper()
    is_one = mod_97(found[4:] + found[:4]) == 1 and not is_in_uuid(whole) and not is_in_digest(whole)
    return whole.span() if is_one else None


# A country's two letters stand before the check digits, which are searched for, as they are rarer.
IBAN = Rule(
    "@iban",
    (
        r"[0-9](?<![0-9].)"
        r"(?:(?<=[A-Za-z]{2}.)|(?<=[A-Za-z]{2}[\W_].)(?<![0-9A-Za-z][A-Za-z]{2}[\W_].)"
        r"|(?<=[A-Za-z]{2}[\W_]{2}.)(?<![0-9A-Za-z][A-Za-z]{2}[\W_]{2}.))"
        r"[\W_]{0,3}+[0-9](?=[\W_]{0,3}+[0-9A-Za-z])"
    ),
    _iban,
    shape=r"(?<![0a])aa[^0a]{0,2}0|aa00(?:[0a]{11}|$)",
)
