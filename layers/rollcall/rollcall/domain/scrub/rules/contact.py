"""E-mail addresses and telephone numbers."""

import re

from rollcall.domain.scrub.rule import Rule, Span

LOCAL_MAX = 64  # RFC 5321, 4.5.3.1.1
DELIMITER = r"\s@<>()\[\]{},:;\\/=&?\"|"
LOCAL_REVERSED = re.compile(rf"[^{DELIMITER}]{{1,{LOCAL_MAX}}}+")
DOMAIN = re.compile(r"[\w-]{1,63}+(?:\.[\w-]{1,63}+){1,8}")
TOP_LEVEL = re.compile(r"[^\W\d_]{2,63}|xn--[a-z0-9-]{2,59}", re.IGNORECASE)


def _address(match: re.Match[str]) -> Span | None:
    text, at = match.string, match.start()
    local = LOCAL_REVERSED.match(text[max(0, at - LOCAL_MAX) : at][::-1])
    domain = DOMAIN.match(text, at + 1)
    if not local or not domain:
        return None
    end = domain.end()
    while not TOP_LEVEL.fullmatch(text, text.rfind(".", at, end) + 1, end):
        end = text.rfind(".", at, end)
        if end <= 0:
            return None
    return (at - local.end(), end) if "." in text[at:end] else None


# The one literal comes first, as a search for it is far faster than one for what must stand before it.
EMAIL = Rule("@email", rf"@(?<=[^{DELIMITER}]@)(?=\w)", _address)

COMMON_TOP_LEVEL = (
    "com|org|net|edu|gov|info|io|eu|uk|de|fr|es|it|nl|se|no|dk|fi|pl|pt|br|in|au|ca|us|ch|at|be|ie|school"
)
EMAIL_SPELLED = Rule(
    "@email",
    (
        r"(?<![\w.+-])[\w.+-]{1,64}+(?:"
        # jane [at] example.org, jane (at) example (dot) org
        r"\s{0,2}[\[({<]\s{0,2}(?:at|@)\s{0,2}[\])}>]\s{0,2}[\w-]{1,63}+"
        r"(?:(?:\.|\s{0,2}[\[({<]\s{0,2}(?:dot|\.)\s{0,2}[\])}>]\s{0,2}|\sdot\s)[\w-]{1,63}+){1,5}"
        # jane at example dot org
        rf"|\sat\s[\w-]{{1,63}}+(?:\sdot\s[\w-]{{1,63}}+){{0,3}}\sdot\s(?:{COMMON_TOP_LEVEL})\b"
        # jane @ example . org
        rf"|\s@\s[\w-]{{1,63}}+(?:(?:\s\.\s|\.)[\w-]{{1,63}}+){{0,3}}(?:\s\.\s|\.)(?:{COMMON_TOP_LEVEL})\b"
        r")"
    ),
    flags=re.IGNORECASE,
)

DATE = re.compile(r"[0-9]{1,2}[./-][0-9]{1,2}[./-](?:[0-9]{4}|[0-9]{2})(?![./-]?[0-9])|[0-9]{4}-[0-9]{2}-[0-9]{2}")
DIGITS_MIN, DIGITS_MAX = 7, 15  # ITU-T E.164
EXTENSION_BEGINS = re.compile(r"[xe]")
EXTENSION = r"(?:\s?(?:x|ext\.?|extension)\s?[0-9]{1,6})?"


def _number(match: re.Match[str]) -> Span | None:
    number = EXTENSION_BEGINS.split(match[0], maxsplit=1)[0]
    digits = sum(map(str.isdigit, number))
    least = DIGITS_MIN if number[0] in "+(" else DIGITS_MIN + 2
    return match.span() if least <= digits <= DIGITS_MAX and not DATE.match(number) else None


PHONE = Rule(
    "@phone",
    (
        r"(?<![\w+.:/-])(?<!\d[ ])(?:"
        # +44 20 7946 0958, +1-234-567-8901, 0049 (0)30 1234567
        r"(?:\+|\(\+|00(?=[1-9]))(?=[0-9 ()./-]{7,28})[0-9]{1,15}+(?:[ ()./-]{1,3}+[0-9]{1,14}+){0,7}+"
        # (234) 567-8901, 1 (234) 567 8901, (030) 123456
        r"|(?:1[ .-]?)?\([0-9]{2,5}\)[ ./-]{0,2}+[0-9]{2,8}+(?:[ ./-]{1,2}+[0-9]{2,8}+){0,3}+"
        # 234-567-8901, 1-234-567-8901, 001-234-567-8901
        r"|(?:(?:00)?1[ .-])?[0-9]{3}([ ./-])[0-9]{3}\1[0-9]{4}"
        # 020 7946 0958, 06 12 34 56 78, 030/1234567, 07911 123456, 07911123456
        r"|0[1-9][0-9]{0,4}+(?:[ ./-][0-9]{2,8}+){1,5}+|0[1-9][0-9]{8,9}"
        # 98765 43210, 11 91234-5678
        r"|[6-9][0-9]{4}[ -][0-9]{5}|[1-9][0-9] 9?[0-9]{4}-[0-9]{4}"
        rf"){EXTENSION}(?![0-9A-Za-z_]|[.:-][0-9])"
    ),
    _number,
)


PHONE_WORDS = (
    "phone", "phones", "telephone", "tel", "mobile", "cell", "call", "called", "calling", "fax", "whatsapp", "sms",
    "dial", "contact", "reach", "text me", "number is", "telefon", "telefono", "teléfono", "téléphone", "handy", "ring",
)  # fmt: skip


def _number_named(match: re.Match[str]) -> Span | None:
    digits = sum(map(str.isdigit, match[0]))
    return match.span() if DIGITS_MIN <= digits <= DIGITS_MAX and not DATE.match(match[0]) else None


# A bare run of digits is a telephone number only where somebody says so.
PHONE_NAMED = Rule(
    "@phone",
    r"(?<![\w.+-])[0-9]{2,15}+(?:[ .-][0-9]{2,4}+){0,4}+(?![0-9A-Za-z_]|[.:-][0-9])",
    _number_named,
    PHONE_WORDS,
)
