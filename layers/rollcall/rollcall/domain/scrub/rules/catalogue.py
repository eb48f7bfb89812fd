"""All value rules, in families that share a gate: what a text must have for any of them to be worth asking."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from rollcall.domain.scrub.rule import Rule
from rollcall.domain.scrub.rules import assignment, contact, credentials, national, network, payment, place


@dataclass(frozen=True, slots=True)
class Family:
    """Rules that find nothing in a text for which the gate finds nothing."""

    gate: Callable[[str], object]
    rules: tuple[Rule, ...]


def _gate(pattern: str) -> Callable[[str], object]:
    return re.compile(pattern).search


def _words(*words: str) -> Callable[[str], object]:
    """Return a gate that looks for any of these, in lower case: for a few words faster than one pattern of them all."""

    def has_any(text: str) -> bool:
        lower = text.lower()
        for word in words:  # noqa: SIM110 - a generator takes twice as long
            if word in lower:
                return True
        return False

    return has_any


def _both(first: Callable[[str], object], second: Callable[[str], object]) -> Callable[[str], object]:
    return lambda text: first(text) and second(text)


def _either(first: Callable[[str], object], second: Callable[[str], object]) -> Callable[[str], object]:
    return lambda text: first(text) or second(text)


# Seven digits with little between them: no number that tells a person apart has fewer.
HAS_NUMBER = _gate(r"[0-9](?:[^0-9A-Za-z]{0,3}[0-9]){6}")
HAS_LONG_NUMBER = _gate(r"[0-9](?:[ .-]?[0-9]){8}")
NAMES_NUMBER = _words(
    "ssn", "id number", "identity", "social", "tax id", "tax number", "tax file", "bsn", "burger", "pesel",
    "steuer", "contrib", "svnr", "sozial", "sv-",
    "cpf", "aadh", "uidai", "tfn", "idnr", "sofi", "kimlik", "tckn", "t.c.", "isikukood",
    "cnp", "cod numeric", "asmens", "oib",
    "teudat", "mispar", "nhs",
    "personnummer", "imei", "national id", "passport", "personal number",
)  # fmt: skip
HAS_CREDENTIAL = _words(
    "eyj", "eya", "eyi", "bearer", "basic", "negotiate", "akia", "asia", "abia", "acca", "aroa", "aida", "aiza", "ya29",
    "gocspx", "k_live", "k_test", "whsec", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat", "glpat", "xox", "xapp",
    "sk-", "npm_", "pypi-", "hf_", "dop_v1", "sg.", "key-", "shp", "sq0", "eaa", "hooks.slack", ":aa",
)  # fmt: skip
SPELLS_ADDRESS = _words("[at", "(at", "{at", "<at", "[ at", "( at", "{ at", "< at", "[@", "(@", "{@", "<@", "[ @",
"( @", " dot ", " @ ",
                        "\tdot", "\t@", "\n@")  # fmt: skip
NAMES_BIRTH = _words("born", "birth", "dob", "d.o.b", "gebor", "geburt", "né", "naiss", "nac", "nat", "nasc")
FAMILIES = (
    Family(_gate("-----BEGIN"), (credentials.PEM,)),
    Family(
        _either(HAS_CREDENTIAL, _gate(r"SK[0-9a-f]{8}|AC[0-9a-f]{8}")),
        (credentials.BEARER, credentials.JWT, credentials.API_KEY),
    ),
    Family(lambda text: "://" in text, (network.URL_USERINFO,)),
    Family(lambda text: "@" in text, (contact.EMAIL,)),
    Family(SPELLS_ADDRESS, (contact.EMAIL_SPELLED,)),
    Family(_gate(r"[0-9](?:\.|\[\.\])[0-9]{1,3}(?:\.|\[\.\])[0-9]"), (network.IPV4,)),
    Family(
        _gate(r":[0-9A-Fa-f]{0,4}:|[0-9A-Fa-f]-[0-9A-Fa-f]{2}-|[0-9A-Fa-f]\.[0-9A-Fa-f]{4}\."),
        (network.IPV6, network.MAC),
    ),
    Family(_gate(r"(?<![0-9A-Za-z])[A-Za-z]{2}[ -]?[0-9][ -]?[0-9](?:[ -]?[0-9A-Za-z]){11}"), (payment.IBAN,)),
    Family(_gate(r"\.[0-9]{3,15}[^0-9A-Za-z]|°"), (place.COORDINATES,)),
    Family(_gate(r"[0-9](?:[ ._/-]{0,2}[0-9]){11}"), (payment.PAYMENT_CARD,)),
    Family(_gate(r"[0-9]{3}[ .-][0-9]{2,4}[ .-][0-9]{3}|[0-9]{6}[-+/][0-9]{3}"), national.SEPARATED),
    Family(_gate(r"[0-9](?:[ .-]?[0-9]){10}"), national.NUMBERS),
    Family(HAS_NUMBER, (contact.PHONE,)),
    Family(
        _gate(
            r"[0-9](?:[ -]?[A-Za-z](?![A-Za-z])|[0-9]{5}(?:[-+A-Ya-y][0-9A-Za-z]{3}|[0-9][A-Wa-w]))"
            r"|(?<=[A-Za-z])[0-9]{9}"
        ),
        national.LETTERED,
    ),
    Family(
        _both(HAS_LONG_NUMBER, _either(NAMES_NUMBER, _gate(r"\b(?:[tT][iI][nN]|[sS][iI][nN]|[nN][iI][fF])\b"))),
        national.NAMED,
    ),
    Family(HAS_NUMBER, (contact.PHONE_NAMED,)),
    Family(_gate(r"/home/|/Users/|Users[\\/]|Documents and"), (place.USER_PATH,)),
    Family(_both(_gate(r"[0-9]{4}|[0-9][./-][0-9]"), NAMES_BIRTH), (place.BIRTH_DATE,)),
    Family(_gate(r"[:=]"), (assignment.SENSITIVE_ASSIGNMENT,)),
)
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
