"""Telephone numbers: international, of national forms, and bare ones that a word names."""

import re

from rollcall.domain.scrub.rule import Rule, Span
from rollcall.domain.scrub.rules.dates import DATE
from rollcall.domain.scrub.rules.surroundings import is_in_uuid, word_before

DIGITS_MIN, DIGITS_MAX = 7, 15  # ITU-T E.164
INTERNATIONAL_MIN = 10  # digits, country code included, where a letter or digit stands before the plus
BARE_MIN = 11  # digits behind 00, where nothing is between them
GROUP = re.compile(r"[0-9]+")
EXTENSION = re.compile(r"\s?(?:x|ext\.?|extension)\s?[0-9]{1,6}(?![0-9A-Za-z])", re.IGNORECASE)
DATED = re.compile(r"(?:19|20)[0-9]{2}\D?(?:0[1-9]|1[0-2])")
TIME_OF_DAY = re.compile(r"[0-2][0-9]:[0-5][0-9](?::[0-6][0-9])?(?:[.+-][0-9]{2,9}(?::[0-9]{2})?){0,2}")
# What may stand right before a number without anything between: no course is called so.
ABUTTING = frozenset(
    {"tel", "phone", "telephone", "mobile", "cell", "call", "fax", "sms", "whatsapp", "wa", "fon", "telefon", "tlf",
     "handy", "t", "m", "p", "ph", "number", "no", "nr"}
)  # fmt: skip


def _digits(text: str) -> int:
    return sum(map(str.isdigit, text))


def _with_extension(match: re.Match[str], end: int) -> Span:
    extension = EXTENSION.match(match.string, end)
    return match.start(), extension.end() if extension else end


def _international(match: re.Match[str]) -> Span | None:
    """Return as many groups behind the plus as make a number; behind letters or digits only what is surely one."""
    text, start = match.string, match.start()
    before = text[start - 1 : start]
    end, digits, groups = match.start("rest"), 0, 0
    for group in GROUP.finditer(match["rest"]):
        if digits + len(group[0]) > DIGITS_MAX:
            break
        digits, groups, end = digits + len(group[0]), groups + 1, match.start("rest") + group.end()
    whole = text[match.start("rest") : end]
    if match["plus"]:
        least = INTERNATIONAL_MIN if before.isalnum() else DIGITS_MIN
        is_date = before.isalnum() and DATED.match(whole)
    else:
        least = DIGITS_MIN if groups > 1 else BARE_MIN - len("00")
        is_date = DATE.match(whole)
    if digits < least or is_date or (groups == 1 and text[end : end + 1].isdigit()):
        return None
    return _with_extension(match, end)


INTERNATIONAL = Rule(
    "@phone",
    (
        # +44 20 7946 0958, +1-234-567-8901, (+44) 20 7946 0958, 0049 (0)30 1234567
        r"(?:(?P<plus>\+)[ (]{0,2}+|(?<![0-9A-Za-z])(?<![0-9][ .,:/_-])00(?=[1-9]))"
        r"(?P<rest>[0-9]{1,16}+(?:[ ()./_-]{1,3}+[0-9]{1,14}+){0,7}+)"
    ),
    _international,
)


def _is_end_of_word(match: re.Match[str]) -> bool:
    """Tell whether letters stand right before a number, other than those that announce one."""
    before = match.start() - 1
    return before >= 0 and match.string[before].isalpha() and word_before(match).lower() not in ABUTTING


def _national(match: re.Match[str]) -> Span | None:
    digits = _digits(match[0])
    least = DIGITS_MIN if "(" in match[0] else DIGITS_MIN + 2
    is_moment = DATE.match(match[0]) or TIME_OF_DAY.fullmatch(match[0])
    if not least <= digits <= DIGITS_MAX or is_moment or is_in_uuid(match):
        return None
    is_sure = match["nanp"] or match[0][0] == "("
    return None if not is_sure and _is_end_of_word(match) else _with_extension(match, match.end())


# Not behind a digit, nor within a longer row of groups.
ALONE = r"(?<![0-9])(?<![0-9][ .,:/_-])(?:{})(?![0-9]|[.-][0-9])"
NATIONAL = Rule(
    "@phone",
    ALONE.format(
        # (234) 567-8901, 1 (234) 567 8901, (030) 123456
        r"(?:1[ ._-]?)?\([0-9]{2,5}\)[ ._/-]{0,2}+[0-9]{2,8}+(?:[ ._/-]{1,2}+[0-9]{2,8}+){0,3}+"
        # 234-567-8901, 1-234-567-8901, 001-234-567-8901
        r"|(?:(?:00)?1[ ._-])?(?P<nanp>[2-9][0-9]{2}([ ._/:+-])[2-9][0-9]{2}\2[0-9]{4})"
        r"|(?:(?:00)?1[ ._-])?[0-9]{3}([ ._/-])[0-9]{3}\3[0-9]{4}"
        # 020 7946 0958, 06 12 34 56 78, 030/1234567, 07911 123456
        r"|0[1-9][0-9]{0,4}+(?:[ ._/:+-][0-9]{2,8}+){1,5}+"
        # 98765 43210, 11 91234-5678
        r"|[6-9][0-9]{4}[ ._-][0-9]{5}|[1-9][0-9] 9?[0-9]{4}-[0-9]{4}"
    ),
    _national,
)


def _bare(match: re.Match[str]) -> Span | None:
    return None if _is_end_of_word(match) else match.span()


NATIONAL_BARE = Rule(
    "@phone",
    r"(?<![0-9])(?<![0-9][ .,:/_-])0[1-9][0-9]{8,9}(?![0-9A-Za-z]|[.-][0-9])",
    _bare,
    shape=r"0{10}",
)

PHONE_WORDS = (
    "phone", "phones", "telephone", "tel", "mobile", "cell", "call", "called", "calling", "fax", "whatsapp", "sms",
    "dial", "contact", "reach", "text me", "number is", "telefon", "telefono", "teléfono", "téléphone", "handy", "ring",
    "answering", "messages to", "message on", "registered", "hotline", "fon", "tlf", "ph",
)  # fmt: skip
WORDS_BEHIND = ("office", "fax", "mobile", "cell", "home", "work", "tel", "phone", "telephone", "mobil", "privat")


def _named(match: re.Match[str]) -> Span | None:
    digits = _digits(match[0])
    if not DIGITS_MIN <= digits <= DIGITS_MAX or DATE.match(match[0]) or is_in_uuid(match):
        return None
    return _bare(match)


# A bare run of digits is a telephone number only where somebody says so.
RUN = r"(?<![0-9])(?<![0-9][ .:/_-])[0-9]{2,15}+(?:[ ._/-][0-9]{2,8}+){0,5}+(?![0-9A-Za-z]|[.-][0-9])"
PHONE_NAMED = Rule("@phone", RUN, _named, PHONE_WORDS)
PHONE_NAMED_BEHIND = Rule("@phone", RUN, _named, behind=WORDS_BEHIND)
PHONES = (INTERNATIONAL, NATIONAL, NATIONAL_BARE, PHONE_NAMED, PHONE_NAMED_BEHIND)
