"""Assignments in text: `password=...`, `"first_name": "..."`, `?email=...`. The key says what the value is."""

import re

from rollcall.domain.scrub.key_rules import judge
from rollcall.domain.scrub.redaction import MARKER
from rollcall.domain.scrub.rule import Rule, Span

VALUE_MAX = 4_096
ASSIGNMENT = (
    r"(?<![\w-])(?P<key>[A-Za-z][\w-]{1,39}+(?:[ ][A-Za-z]{2,12}){0,2}?)\]?(?P<mark>[\"'\\]{0,4})\s{0,2}"
    r"(?P<sign>:(?!//)|=)(?=[^\n]{0,8}[^\s=:])"
)
VALUES = {
    '"': re.compile(rf'\s{{0,3}}\\?"((?:[^"\\]|\\.){{0,{VALUE_MAX}}}+)', re.DOTALL),
    "'": re.compile(rf"\s{{0,3}}\\?'((?:[^'\\]|\\.){{0,{VALUE_MAX}}}+)", re.DOTALL),
}
EMPTY = {"", "null", "true", "false"}
QUOTED = re.compile(r"\s{0,3}\\?([\"'])")
AFTER_EQUALS = re.compile(rf"\s?(\[[a-z_]{{2,32}}\](?![^\s&;,])|[^\s&;,\"'<>}}\])]{{1,{VALUE_MAX}}}+)")
AFTER_COLON = re.compile(
    r"[ \t]{0,3}((?:Bearer |Basic )?[^\n\r,;\"'<>{}\[\]|]{1,200}+|\[[a-z_]{1,32}\][^\n\r,;\"'<>{}\[\]|]{1,200})"
)


def _value(match: re.Match[str]) -> Span | None:
    verdict = judge(match["key"])
    if not verdict:
        return None
    text, start = match.string, match.end()
    quoted = QUOTED.match(text, start)
    if quoted:
        value = VALUES[quoted[1]].match(text, start)
    elif match["sign"] == "=":
        value = AFTER_EQUALS.match(text, start)
    else:
        value = None if verdict.rule.id == "@key:free_text" and not match["mark"] else AFTER_COLON.match(text, start)
    found = value[1].strip() if value else ""
    return None if value is None or found in EMPTY or MARKER.fullmatch(found) else value.span(1)


SENSITIVE_ASSIGNMENT = Rule("@assignment", ASSIGNMENT, _value)
