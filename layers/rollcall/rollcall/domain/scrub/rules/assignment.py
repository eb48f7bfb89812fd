"""Assignments in text: `password=...`, `"first_name": "..."`, `?email=...`. The key decides about the value."""

import re
from itertools import islice

from rollcall.domain.scrub.key_rules import KeyVerdict, judge
from rollcall.domain.scrub.limits import CANDIDATES_MAX
from rollcall.domain.scrub.markers import is_marker
from rollcall.domain.scrub.rule import ENDLESS, Rule, Span, TooManyCandidates

VALUE_MAX = 4_096
# Read backwards from the sign to the beginning of the key: signs are rare, so a search for them is fast.
ASSIGNMENT_REVERSED = (
    r"[:=](?<!//:)\s{0,2}(?P<mark>[\"'\\]{0,4})\]?"
    r"(?P<key>(?:[A-Za-z]{2,12}[ ]){0,2}[\w-]{2,40}+(?<=[A-Za-z_-]))(?![\w-])"
)
ASSIGNED = re.compile(r"[^\n]{0,8}[^\s=:]")
VERDICTS_MAX = 4_096
VALUES = {
    '"': re.compile(rf'\s{{0,3}}\\?"((?:[^"\\]|\\.){{0,{VALUE_MAX}}}+)', re.DOTALL),
    "'": re.compile(rf"\s{{0,3}}\\?'((?:[^'\\]|\\.){{0,{VALUE_MAX}}}+)", re.DOTALL),
}
# RFC 9562, section 4. A UUID is replaced by this word before the text is examined.
URN, URN_VALUE = (
    "urn:uuid:",
    re.compile(r"(?:[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}|uuid)(?![0-9A-Za-z])"),
)
EMPTY = {"", "null", "true", "false"}
QUOTED = re.compile(r"\s{0,3}\\?([\"'])")
AFTER_EQUALS = re.compile(rf"\s?(\[[a-z_]{{2,32}}\](?![^\s&;,])|[^\s&;,\"'<>}}\])]{{1,{VALUE_MAX}}}+)")
AFTER_COLON = re.compile(
    r"[ \t]{0,3}((?:Bearer |Basic )?[^\n\r,;\"'<>{}\[\]|]{1,200}+|\[[a-z_]{1,32}\][^\n\r,;\"'<>{}\[\]|]{1,200})"
)


class AssignmentRule(Rule):
    """Finds the values of assignments whose keys fall under a key rule."""

    def find(self, text: str, start: int = 0, end: int = ENDLESS) -> list[Span]:
        """Return the spans of values, in order, without overlaps.

        Raises:
            TooManyCandidates: the text has more assignments than a real text can have.

        """
        spans: list[Span] = []
        size = len(text)
        candidates = list(islice(self.pattern.finditer(text[::-1]), CANDIDATES_MAX + 1))
        if len(candidates) > CANDIDATES_MAX:
            raise TooManyCandidates
        for match in reversed(candidates):
            sign = size - match.end() + len(match[0]) - 1
            if start <= sign < end and ASSIGNED.match(text, sign + 1):
                within = match if size - match.end() >= start else self.pattern.match(text[start : sign + 1][::-1])
                span = _value(text, sign, within) if within else None
                if span:
                    spans.append(span)
                start = max(span[1] if span else 0, sign + 1)
        return spans


def _value(text: str, sign: int, match: re.Match[str]) -> Span | None:
    verdict = _verdict(match["key"][::-1])
    if not verdict:
        return None
    start = sign + 1
    if text[max(0, start - len(URN)) : start].lower() == URN and URN_VALUE.match(text, start):
        return None
    quoted = QUOTED.match(text, start)
    if quoted:
        value = VALUES[quoted[1]].match(text, start)
    elif text[sign] == "=":
        value = AFTER_EQUALS.match(text, start)
    else:
        is_prose = verdict.rule.id == "@key:free_text" and not match["mark"]
        value = None if is_prose else AFTER_COLON.match(text, start)
    found = value[1].strip() if value else ""
    return None if value is None or found in EMPTY or is_marker(found) else value.span(1)


_verdicts: dict[int, KeyVerdict | None] = {}


def _verdict(key: str) -> KeyVerdict | None:
    """Return the rule of a key. The cache has only keyed hashes of keys, because a key may be a child's name."""
    code = hash(key)
    if code not in _verdicts:
        if len(_verdicts) >= VERDICTS_MAX:
            _verdicts.clear()
        _verdicts[code] = judge(key)
    return _verdicts[code]


SENSITIVE_ASSIGNMENT = AssignmentRule("@assignment", ASSIGNMENT_REVERSED)
