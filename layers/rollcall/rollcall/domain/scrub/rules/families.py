"""All value rules, in families that share a gate: a quick check whether any of them can find something."""

import re
from collections.abc import Callable

from rollcall.domain.scrub.rule import Rule
from rollcall.domain.scrub.rules import assignment, contact, credentials, national, network, payment, place, telephone
from rollcall.domain.scrub.rules.family import FAR, NEAR, Family, ShapedFamily
from rollcall.domain.scrub.rules.text_profile import LONG_TOKEN, MANY, SOME, TOKEN, TextProfile


def _speak_of(*rules: Rule) -> Callable[[TextProfile], object]:
    """Return a gate that looks for the context words that these rules need."""
    words = frozenset[bytes]().union(*(rule.context_words for rule in rules))
    return lambda profile: not words.isdisjoint(profile.words())


KEY_BEGINS = (
    "AKIA", "ASIA", "ABIA", "ACCA", "AROA", "AIDA", "AIza", "ya29", "GOCSPX", "k_live", "k_test", "ghp_", "gho_",
    "ghu_", "ghs_", "ghr_", "github_pat", "glpat", "xox", "xapp", "sk-", "npm_", "pypi-", "hf_", "dop_v1", "SG.",
    "key-", "shp", "sq0", "EAA", ":AA", "SK", "AC",
)  # fmt: skip
BRACKETED_AT = re.compile(r"[\[({<]\s{0,2}(?:[aA][tT]|@)").search
SPACED_AT = re.compile(r"@(?<=\s@)").search
SPACED_DOT = re.compile(r"\s[dD][oO][tT]\s").search
IPV4 = re.compile(r"[0-9A-Fa-f][\[({ ]?\.[\])} ]?[0-9][0-9A-Fa-fxX]{0,9}[\[({ ]?\.[\])} ]?[0-9]").search
IPV6 = re.compile(r":[0-9A-Fa-f]{0,4}:").search
MAC = re.compile(r"[:._-](?:(?<=[:_-])[0-9A-Fa-f]{2}[:_-]|(?<=\.)[0-9A-Fa-f]{4}\.)").search
USER_PATH = re.compile(r"/home/|/Users/|Users[\\/]|Documents and").search


def _names_token(profile: TextProfile) -> object:
    lower = profile.lower
    return "bearer" in lower or "basic" in lower or "negotiate" in lower


def _has_token(profile: TextProfile) -> object:
    text = profile.text
    return "eyJ" in text or "eyA" in text or "eyI" in text


def _has_key(profile: TextProfile) -> object:
    text = profile.text
    if "whsec_" in text or "hooks.slack" in text:
        return True
    # A generator would take twice as long.
    return LONG_TOKEN in profile.plain.translate(TOKEN) and any([begin in text for begin in KEY_BEGINS])  # noqa: C419


def _has_letter_within(profile: TextProfile) -> object:
    return b"aa000000a" in profile.packed or b"000000a00000000" in profile.packed


FAMILIES = (
    Family([credentials.PEM], marks=b"-----"),
    Family([credentials.BEARER], _names_token),
    Family([credentials.JWT], _has_token, rb"\."),
    Family([credentials.API_KEY], _has_key),
    Family([network.URL_USERINFO], lambda profile: "://" in profile.text, b"://"),
    Family([contact.EMAIL], marks=b"@"),
    Family([contact.EMAIL_SPELLED], lambda profile: BRACKETED_AT(profile.text), rb"[([{<]"),
    Family([contact.EMAIL_SPELLED], lambda profile: SPACED_AT(profile.text), rb"@"),
    Family([contact.EMAIL_SPELLED], lambda profile: "dot" in profile.lower and SPACED_DOT(profile.text)),
    Family([network.IPV4], lambda profile: IPV4(profile.text), rb"\.(?:[^.]*+\.){2}", SOME, NEAR),
    Family([network.IPV4_SPELLED], lambda profile: "dot" in profile.lower, digits=SOME),
    Family([network.IPV4_DASHED], lambda profile: "ip-" in profile.lower or "ip_" in profile.lower, rb"[-_]{4}", SOME),
    Family([network.IPV4_HOST], lambda profile: "://" in profile.text, b"://", SOME),
    Family([network.IPV4_HEXADECIMAL], lambda profile: "0x" in profile.lower, digits=SOME),
    Family([network.IPV6], lambda profile: IPV6(profile.text), b":[^:]*+:"),
    Family([network.MAC], lambda profile: MAC(profile.text), rb"[:_-](?:[^:_-]*+[:_-]){4}|\.[^.]*+\."),
    Family([place.COORDINATES], lambda profile: b".000" in profile.shape or "°" in profile.text, rb"[.?]", SOME, NEAR),
    ShapedFamily(
        rb"0(?:[^0a]{0,3}0){6,}",
        NEAR,
        [payment.PAYMENT_CARD, *national.SEPARATED, *national.NUMBERS, *telephone.PHONES, *national.LETTER_BEHIND,
         *national.NAMED, network.IPV4_NUMBER],
        MANY,
    ),
    Family([national.UK_NINO, national.FR_NIR], _has_letter_within, digits=SOME, margin=FAR),
    ShapedFamily(rb"0[0a]*", FAR, [payment.IBAN, *national.LETTERED], SOME),
    Family([place.USER_PATH], lambda profile: USER_PATH(profile.text), rb"[/\\]"),
    Family([place.BIRTH_DATE], _speak_of(place.BIRTH_DATE), digits=SOME, margin=FAR),
    Family([assignment.SENSITIVE_ASSIGNMENT], marks=b"[:=]"),
)  # fmt: skip
RULES = tuple({id(rule): rule for family in FAMILIES for rule in family.rules}.values())
RULE_IDS = frozenset(rule.id for rule in RULES)
# In a text without any of these no family finds anything.
TRIGGER = re.compile(
    r"[0-9@:=\\°]|/home/|/Users/|-----BEGIN|\s[dD][oO][tT]\s|[\[({<]\s{0,2}[aA][tT]"
    r"|ey[JAI]|[Bb][Ee][Aa][Rr][Ee][Rr]|[Bb][Aa][Ss][Ii][Cc]|[Nn]egotiate|A(?:KI|SI|BI|CC|RO|ID)A|AIza"
    r"|ya29|GOC|[srp]k_|whsec|gh[pousr]_|github_pat|glpat|xox|xapp|sk-|npm_|pypi-|hf_|dop_v1|SG\.|key-|SK|AC|shp|EAA"
    r"|hooks\.slack|Documents and"
)
# Common harmless values: UUIDs, times, dates, short words, and words followed by a number.
PLAIN = re.compile(
    r"[A-Za-z]{1,12}(?:[-_. ][A-Za-z]{1,12}){0,2}[-_.]?[0-9]{0,6}"
    r"|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
    r"|(?:19|20)[0-9]{2}-[01][0-9]-[0-3][0-9](?:[Tt ][0-2][0-9]:[0-5][0-9](?::[0-6][0-9](?:\.[0-9]{1,9})?)?"
    r"(?:[Zz]|[+-][0-2][0-9]:?[0-5][0-9])?)?"
)
