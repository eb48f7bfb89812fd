"""All value rules, in families that share a gate: what a text must have for any of them to be worth asking."""

import re
from collections.abc import Callable

from rollcall.domain.scrub.rule import Rule
from rollcall.domain.scrub.rules import assignment, contact, credentials, national, network, payment, place
from rollcall.domain.scrub.rules.family import FAR, NEAR, Family, ShapedFamily
from rollcall.domain.scrub.rules.glance import SOME, MANY, Glance


def _words(*words: str) -> Callable[[Glance], object]:
    """Return a gate that looks for any of these, in lower case: for a few words faster than one pattern of them all."""

    def has_any(glance: Glance) -> bool:
        lower = glance.lower
        for word in words:  # noqa: SIM110 - a generator takes twice as long
            if word in lower:
                return True
        return False

    return has_any


def _speak_of(*rules: Rule) -> Callable[[Glance], object]:
    """Return a gate that looks for the words of which these rules need one before what they find."""
    words = frozenset[bytes]().union(*(rule.context_words for rule in rules))
    return lambda glance: not words.isdisjoint(glance.words())


HAS_CREDENTIAL = _words(
    "eyj", "eya", "eyi", "akia", "asia", "abia", "acca", "aroa", "aida", "aiza", "ya29",
    "gocspx", "k_live", "k_test", "whsec", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat", "glpat", "xox", "xapp",
    "sk-", "npm_", "pypi-", "hf_", "dop_v1", "sg.", "key-", "shp", "sq0", "eaa", "hooks.slack", ":aa",
)  # fmt: skip
TWILIO = re.compile(r"SK[0-9a-f]{8}|AC[0-9a-f]{8}").search
SPELLS_ADDRESS = _words("[at", "(at", "{at", "<at", "[ at", "( at", "{ at", "< at", "[@", "(@", "{@", "<@", "[ @",
"( @", " dot ", " @ ",
                        "\tdot", "\t@", "\n@")  # fmt: skip
IPV4 = re.compile(r"[0-9](?:\.|\[\.\])[0-9]{1,3}(?:\.|\[\.\])[0-9]").search
IPV6 = re.compile(r":[0-9A-Fa-f]{0,4}:").search
MAC = re.compile(r"[:-][0-9A-Fa-f]{2}[:-]|[0-9A-Fa-f]\.[0-9A-Fa-f]{4}\.").search
USER_PATH = re.compile(r"/home/|/Users/|Users[\\/]|Documents and").search


def _names_token(glance: Glance) -> object:
    lower = glance.lower
    return "bearer" in lower or "basic" in lower or "negotiate" in lower


def _has_credential(glance: Glance) -> object:
    return glance.has_long_token() and (HAS_CREDENTIAL(glance) or TWILIO(glance.text))


def _spells_address(glance: Glance) -> object:
    text = glance.text
    may = "@" in text or "dot" in glance.lower or "(" in text or "[" in text or "{" in text or "<" in text
    return may and SPELLS_ADDRESS(glance)


def _has_ipv4(glance: Glance) -> object:
    return (b"0.0" in glance.shape or b"0[.]" in glance.shape) and IPV4(glance.text)


def _has_mac(glance: Glance) -> object:
    text = glance.text
    return (text.count(":") > 4 or text.count("-") > 4 or text.count(".") > 1) and MAC(text)  # noqa: PLR2004


FAMILIES = (
    Family(lambda glance: "-----BEGIN" in glance.text, [credentials.PEM]),
    Family(_names_token, [credentials.BEARER]),
    Family(_has_credential, [credentials.JWT, credentials.API_KEY]),
    Family(lambda glance: "://" in glance.text, [network.URL_USERINFO]),
    Family(lambda glance: "@" in glance.text, [contact.EMAIL]),
    Family(_spells_address, [contact.EMAIL_SPELLED]),
    Family(_has_ipv4, [network.IPV4], SOME, NEAR),
    Family(lambda glance: glance.text.count(":") > 1 and IPV6(glance.text), [network.IPV6]),
    Family(_has_mac, [network.MAC]),
    Family(lambda glance: b"aa00" in glance.packed, [payment.IBAN], SOME, NEAR),
    Family(lambda glance: b".000" in glance.shape or "°" in glance.text, [place.COORDINATES], SOME, FAR),
    Family(lambda glance: b"aa000000a" in glance.packed, [national.UK_NINO], SOME, FAR),
    Family(lambda glance: b"000000a00000000" in glance.packed, [national.FR_NIR], SOME, FAR),
    ShapedFamily(
        rb"0(?:[^0a]{0,3}0){6,}",
        NEAR,
        [payment.PAYMENT_CARD, *national.SEPARATED, *national.NUMBERS, contact.PHONE, *national.LETTER_BEHIND,
         *national.NAMED, contact.PHONE_NAMED],
        MANY,
    ),
    ShapedFamily(rb"0[0a]+", FAR, national.LETTERED, SOME),
    Family(lambda glance: ("/" in glance.text or "\\" in glance.text) and USER_PATH(glance.text), [place.USER_PATH]),
    Family(_speak_of(place.BIRTH_DATE), [place.BIRTH_DATE], SOME, FAR),
    Family(lambda glance: ":" in glance.text or "=" in glance.text, [assignment.SENSITIVE_ASSIGNMENT]),
)  # fmt: skip
RULES = tuple({id(rule): rule for family in FAMILIES for rule in family.rules}.values())
RULE_IDS = frozenset(rule.id for rule in RULES)
# A text without any of these has nothing for any family.
TRIGGER = re.compile(
    r"[0-9@:=\\°]|/home/|/Users/|-----BEGIN|\s[dD][oO][tT]\s|[\[({<]\s{0,2}[aA][tT]"
    r"|ey[JAI]|[Bb][Ee][Aa][Rr][Ee][Rr]|[Bb][Aa][Ss][Ii][Cc]|[Nn]egotiate|A(?:KI|SI|BI|CC|RO|ID)A|AIza"
    r"|ya29|GOC|[srp]k_|whsec|gh[pousr]_|github_pat|glpat|xox|xapp|sk-|npm_|pypi-|hf_|dop_v1|SG\.|key-|SK|AC|shp|EAA"
    r"|hooks\.slack|Documents and"
)
# Values that are as common as they are harmless: UUIDs, times, dates, short words, and words with a number behind.
PLAIN = re.compile(
    r"[A-Za-z]{1,12}(?:[-_. ][A-Za-z]{1,12}){0,2}[-_.]?[0-9]{0,6}|[A-Za-z]{2,12}[0-9]{7,9}"
    r"|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
    r"|(?:19|20)[0-9]{2}-[01][0-9]-[0-3][0-9](?:[Tt ][0-2][0-9]:[0-5][0-9](?::[0-6][0-9](?:\.[0-9]{1,9})?)?"
    r"(?:[Zz]|[+-][0-2][0-9]:?[0-5][0-9])?)?"
)
