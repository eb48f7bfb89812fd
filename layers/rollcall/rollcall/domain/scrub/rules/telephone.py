"""Telephone numbers: international, national, and bare ones that follow a word such as "call"."""

import re

from rollcall.domain.scrub.rule import Rule, Span
from rollcall.domain.scrub.rules.dates import DATE
from rollcall.domain.scrub.rules.grouping import GAP, MAYBE_GAP, PAIR_GAP
from rollcall.domain.scrub.rules.surroundings import is_in_digest, is_in_uuid, word_before

DIGITS_MIN, DIGITS_MAX = 7, 15  # ITU-T E.164
INTERNATIONAL_MIN = 10  # digits, country code included, where a letter or digit stands before the plus
BARE_MIN = 11  # digits behind 00, where nothing is between them
GROUP = re.compile(r"[0-9]+")
USUAL = re.compile(r"[ ()./_-]{0,3}")  # what people write between groups
LONG_GROUP = re.compile(r"[0-9]{3}")
ITEMS = re.compile(r"[0-9]{1,2}(?:[,;|\t\n][0-9]{1,2}){1,16}")
ITEMS_FRENCH = 5  # 06,12,34,56,78
YEAR_BEFORE = re.compile(r"(?:19|20)[0-9]{2}[\W_]\Z")
EXTENSION = re.compile(r"\s?(?:x|ext\.?|extension)\s?[0-9]{1,6}(?![0-9A-Za-z])", re.IGNORECASE)
DATED = re.compile(r"(?:19|20)[0-9]{2}\D?(?:0[1-9]|1[0-2])")
TIME_OF_DAY = re.compile(r"[0-2][0-9]:[0-5][0-9](?::[0-6][0-9])?(?:[.+-][0-9]{2,9}(?::[0-9]{2})?){0,2}")
# Words that may stand directly before a number: no course has such a name.
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
    end, digits, groups, is_usual = match.start("rest"), 0, 0, True
    for group in GROUP.finditer(match["rest"]):
        gap = text[end : match.start("rest") + group.start()]
        is_usual = is_usual and USUAL.fullmatch(gap) is not None
        is_next = is_usual or not (before.isalnum() or ("+" in gap and len(gap) > 1))
        if digits + len(group[0]) > DIGITS_MAX or not is_next:
            break
        digits, groups, end = digits + len(group[0]), groups + 1, match.start("rest") + group.end()
    whole = text[match.start("rest") : end]
    if match["plus"]:
        least = INTERNATIONAL_MIN if before.isalnum() else DIGITS_MIN
        is_date = before.isalnum() and DATED.match(whole)
    else:
        least = DIGITS_MIN if groups > 1 else BARE_MIN - len("00")
        is_date = DATE.match(whole)
    if not is_usual and not LONG_GROUP.search(whole):
        return None
    if digits < least or is_date or (groups == 1 and text[end : end + 1].isdigit()):
        return None
    return _with_extension(match, end)


INTERNATIONAL = Rule(
    "@phone",
    (
        # +44 20 7946 0958, +1-234-567-8901, (+44) 20 7946 0958, 0049 (0)30 1234567
        r"(?:(?P<plus>\+)[ (]{0,2}+|(?<![0-9A-Za-z])(?<![0-9][ .,:/_-])00(?=[1-9]))"
        rf"(?P<rest>[0-9]{{1,16}}+(?:{GAP}[0-9]{{1,14}}+){{0,7}}+)"
    ),
    _international,
)


def _is_end_of_word(match: re.Match[str]) -> bool:
    """Return whether letters stand directly before a number, other than those that announce one."""
    before = match.start() - 1
    return before >= 0 and match.string[before].isalpha() and word_before(match).lower() not in ABUTTING


def _national(match: re.Match[str]) -> Span | None:
    digits = _digits(match[0])
    least = DIGITS_MIN if "(" in match[0] else DIGITS_MIN + 2
    is_moment = DATE.match(match[0]) or TIME_OF_DAY.fullmatch(match[0])
    if not least <= digits <= DIGITS_MAX or is_moment or is_in_uuid(match) or _is_list(match[0]):
        return None
    is_sure = match["nanp"] or match[0][0] == "("
    if not is_sure and (_is_end_of_word(match) or not _stands_alone(match, digits)):
        return None
    return _with_extension(match, match.end())


def _is_list(text: str) -> bool:
    return ITEMS.fullmatch(text) is not None and len(GROUP.findall(text)) != ITEMS_FRENCH


def _stands_alone(match: re.Match[str], digits: int) -> bool:
    """Return whether no digit stands one sign before, or the number has a national length and is not a time."""
    text, start = match.string, match.start()
    if not (start > 1 and text[start - 2].isdigit() and not text[start - 1].isalnum()):
        return True
    is_long = match[0][0] == "0" and digits in NATIONAL_DIGITS and LONG_GROUP.search(match[0])
    return bool(is_long) and not YEAR_BEFORE.search(text, max(0, start - 5), start)


NATIONAL_DIGITS = (10, 11)
NATIONAL = Rule(
    "@phone",
    (
        r"(?<![0-9])(?:"
        # (234) 567-8901, 1 (234) 567 8901, (030) 123456
        rf"(?:1{MAYBE_GAP})?\([0-9]{{2,5}}\){MAYBE_GAP}/?[0-9]{{2,8}}+(?:{GAP}[0-9]{{2,8}}+){{0,3}}+"
        # 234-567-8901, 1-234-567-8901, 001-234-567-8901
        rf"|(?:(?:00)?1{GAP})?(?P<nanp>[2-9][0-9]{{2}}({GAP})[2-9][0-9]{{2}}\2[0-9]{{4}})"
        rf"|(?:(?:00)?1{GAP})?[0-9]{{3}}({GAP})[0-9]{{3}}\3[0-9]{{4}}"
        # 020 7946 0958, 06 12 34 56 78, 030/1234567, 07911 123456
        rf"|0[1-9][0-9]{{0,4}}+(?:{GAP}[0-9]{{2,8}}+){{1,5}}+"
        # 98765 43210, 11 91234-5678
        rf"|[6-9][0-9]{{4}}{PAIR_GAP}[0-9]{{5}}|[1-9][0-9]{PAIR_GAP}9[0-9]{{4}}{PAIR_GAP}[0-9]{{4}}"
        r"|[1-9][0-9] [0-9]{4}-[0-9]{4}"
        r")(?![0-9])"
    ),
    _national,
)


def _bare(match: re.Match[str]) -> Span | None:
    return None if is_in_digest(match) or is_in_uuid(match) else match.span()


# No decimals, nor the end of a time.
NATIONAL_BARE = Rule(
    "@phone", r"(?<![0-9])(?<![0-9][.,])0[1-9][0-9]{8,9}(?![0-9])", _bare, shape=r"(?<!0)0{10,11}(?!0)"
)

PHONE_WORDS = (
    "phone", "phones", "telephone", "tel", "mobile", "cell", "call", "called", "calling", "fax", "whatsapp", "sms",
    "dial", "contact", "reach", "text me", "number is", "telefon", "telefono", "teléfono", "téléphone", "handy", "ring",
    "answering", "messages to", "message on", "registered", "hotline", "fon", "tlf", "ph",
)  # fmt: skip
WORDS_BEHIND = ("office", "fax", "mobile", "cell", "home", "work", "tel", "phone", "telephone", "mobil", "privat")


# mobile-4711000 and call-1234567 are ids of lessons: these words have other meanings too.
ID_SIGNS = {"-", "_"}
ORDINARY = frozenset({"mobile", "cell", "call", "number", "no", "nr", "t", "m", "p", "handy"})


def _named(match: re.Match[str]) -> Span | None:
    digits = _digits(match[0])
    if not DIGITS_MIN <= digits <= DIGITS_MAX or DATE.match(match[0]) or is_in_uuid(match):
        return None
    before = match.string[match.start() - 1 : match.start()]
    is_id = (
        before in ID_SIGNS and match[0].isdigit() and word_before(match, 1).lower() not in {"", *ABUTTING} - ORDINARY
    )
    return None if is_id or _is_end_of_word(match) else match.span()


# A bare run of digits is a telephone number only behind a word that says so.
RUN = r"(?<![0-9])(?<![0-9][ .:/_-])[0-9]{2,15}+(?:[ ._/-][0-9]{2,8}+){0,5}+(?![0-9A-Za-z]|[.-][0-9])"
PHONE_NAMED = Rule("@phone", RUN, _named, PHONE_WORDS)
PHONE_NAMED_BEHIND = Rule("@phone", RUN, _named, behind=WORDS_BEHIND)
PHONES = (INTERNATIONAL, NATIONAL, NATIONAL_BARE, PHONE_NAMED, PHONE_NAMED_BEHIND)
