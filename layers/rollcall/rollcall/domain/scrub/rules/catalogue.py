"""All value rules, in families that share a gate: what a text must have for any rule of the family to be worth asking."""

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


# Seven digits with little between them: no number that tells a person apart has fewer.
NUMBER = r"[0-9](?:[^0-9A-Za-z]{0,3}[0-9]){6}"
NAMED_WORDS = (
    r"(?i:\b(?:ssn|id|social|tax|bsn|burger|sofi|pesel|steuer|idnr|nif|contrib|svnr|sozial|sv|cpf|aadh|uidai|sin|tfn"
)
NAMED_WORDS += r"|kimlik|tckn|t\.c|isikukood|asmens|oib|teudat|mispar|nhs|personnummer|imei|national|passport|identity"
NAMED_WORDS += r"|personal|tin))"
FAMILIES = (
    Family(_gate("-----BEGIN"), (credentials.PEM,)),
    Family(
        _gate(
            r"ey[JAI][A-Za-z0-9_-]{8}|[Bb][Ee][Aa][Rr][Ee][Rr]|[Bb][Aa][Ss][Ii][Cc]|[Nn]egotiate"
            r"|A(?:KI|SI|BI|CC|RO|ID)A|AIza|ya29|GOC|[srp]k_|whsec|gh[pousr]_|github_pat|glpat|xox|xapp|sk-|npm_|pypi-|hf_"
            r"|dop_v1|SG\.|key-|SK[0-9a-f]|AC[0-9a-f]|shp|sq0|EAA|hooks\.slack|[0-9]:AA"
        ),
        (credentials.BEARER, credentials.JWT, credentials.API_KEY),
    ),
    Family(lambda text: "://" in text, (network.URL_USERINFO,)),
    Family(lambda text: "@" in text, (contact.EMAIL,)),
    Family(_gate(r"[\[({<]\s{0,2}(?:[aA][tT]|@)|\s[dD][oO][tT]\s|\s@\s"), (contact.EMAIL_SPELLED,)),
    Family(_gate(r"[0-9](?:\.|\[\.\])[0-9]{1,3}(?:\.|\[\.\])[0-9]"), (network.IPV4,)),
    Family(
        _gate(r":[0-9A-Fa-f]{0,4}:|[0-9A-Fa-f]-[0-9A-Fa-f]{2}-|[0-9A-Fa-f]\.[0-9A-Fa-f]{4}\."),
        (network.IPV6, network.MAC),
    ),
    Family(_gate(r"[A-Za-z]{2}[ -]?[0-9][ -]?[0-9][ -]?[0-9A-Za-z]"), (payment.IBAN,)),
    Family(_gate(NUMBER), (place.COORDINATES, payment.PAYMENT_CARD, *national.NUMBERS, contact.PHONE)),
    Family(_gate(r"[0-9](?:[ -]?[0-9A-Za-z]){6}|[A-Za-z]{5}[0-9]{4}[A-Za-z]"), national.LETTERED),
    Family(_gate(rf"{NAMED_WORDS}.{{0,60}}{NUMBER}"), national.NAMED),
    Family(_gate(NUMBER), (contact.PHONE_NAMED,)),
    Family(_gate(r"°"), (place.COORDINATES,)),
    Family(_gate(r"/home/|/Users/|Users[\\/]|Documents and"), (place.USER_PATH,)),
    Family(_gate(r"(?i:\b(?:d\.?o\.?b|b(?:orn|irth)|gebor|geburt|n[ée]e?\s|nai?ss|na[ct]))"), (place.BIRTH_DATE,)),
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
# Values that are as common as they are harmless: UUIDs, times, dates, short words.
PLAIN = re.compile(
    r"[A-Za-z]{1,12}(?:[-_. ][A-Za-z]{1,12}){0,2}[-_.]?[0-9]{0,4}"
    r"|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
    r"|(?:19|20)[0-9]{2}-[01][0-9]-[0-3][0-9](?:[Tt ][0-2][0-9]:[0-5][0-9](?::[0-6][0-9](?:\.[0-9]{1,9})?)?"
    r"(?:[Zz]|[+-][0-2][0-9]:?[0-5][0-9])?)?"
)
