"""Texts: applies value rules to one string, after decoding look-alikes and encodings."""

import re
from typing import Any, NamedTuple

from rollcall.domain.scrub.folding import fold, is_escaped, unescape
from rollcall.domain.scrub.limits import (
    CLEAN_CHARACTERS_MAX,
    CLEAN_MAX,
    CLEAN_PATH_MAX,
    DECODINGS_MAX,
    STRING_MAX,
)
from rollcall.domain.scrub.redaction import REMOVED
from rollcall.domain.scrub.rule import Rule, TooManyCandidates
from rollcall.domain.scrub.rules.dates import holds_date
from rollcall.domain.scrub.rules.families import FAMILIES, PLAIN, TRIGGER
from rollcall.domain.scrub.rules.family import Family
from rollcall.domain.scrub.rules.text_profile import TextProfile

PASSES_MAX = 4
MARKS_MAX, MARKS_REMEMBERED_MAX = 16, 4_096
TOKEN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:+/@-]{0,127}")
NUMBER_PLAIN = 10**11  # a larger number may be a card's or a person's
LIMIT_STRING, LIMIT_CANDIDATES, LIMIT_ENCODING = "@limit:string", "@limit:candidates", "@limit:encoding"
# Usual ids: words, and a number too short for a date or a person's number. No rule finds anything in them.
SIMPLE = re.compile(r"[A-Za-z]{1,12}(?:[-_.][A-Za-z]{1,12}){0,2}[-_.]?[0-9]{0,5}")
# 14.03.11, but not 3.4.12, which is a section's number.
SHORT_DATE = re.compile(r"(?:0[1-9]|[12][0-9]|3[01])([./-])(?:0[1-9]|[12][0-9]|3[01])\1[0-9]{2}")
UUID_CHARACTERS = 36
UUIDS = re.compile(
    r"(?<![0-9A-Za-z])[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}(?![0-9A-Za-z])"
)


def holds_encoded_date(text: str) -> bool:
    """Return whether a text has a day of some year, in any encoding."""
    for _ in range(DECODINGS_MAX + 1):
        text = fold(text)
        if holds_date(text):
            return True
        if not is_escaped(text):
            return False
        text = unescape(text)
    return True


class Finding(NamedTuple):
    """Something personal in a text."""

    start: int
    end: int
    rule: Rule


class ScrubbedText(NamedTuple):
    """A text without personal values, and the ids of the rules that found them."""

    value: str
    rules: tuple[str, ...]


class TextScrubber:
    """Applies the value rules of a policy. Its cache has only keyed hashes of clean short strings."""

    def __init__(self, disabled: frozenset[str] = frozenset()) -> None:
        families = [family for each in FAMILIES if (family := each.without(disabled)).rules]
        self._families = families
        self._by_marks: dict[tuple[int, bytes], list[Family]] = {}
        self.clean: set[int] = set()
        self._tokens: set[int] = set()
        self._ids: set[int] = set()

    def is_plain(self, value: Any) -> bool:
        """Return whether a value is a small number or a truth value."""
        kind = type(value)
        return kind is bool or (kind is int and -NUMBER_PLAIN < value < NUMBER_PLAIN)

    def is_clean(self, text: str) -> bool:
        """Return whether no rule finds anything in the text, in any encoding."""
        code = hash(text)  # a new key in each process: the remembered hash does not reveal the text
        if code in self.clean:
            return True
        if not self._has_nothing(text):
            return False
        if len(text) <= CLEAN_CHARACTERS_MAX or ("/" in text and len(text) <= CLEAN_PATH_MAX):
            if len(self.clean) >= CLEAN_MAX:
                self.clean.clear()
            self.clean.add(code)
        return True

    def is_clean_token(self, text: str) -> bool:
        """Return whether a text is one short word, such as a lesson's id, in which no rule finds anything."""
        code = hash(text)
        if code in self._tokens:
            return True
        if not TOKEN.fullmatch(text) or not self.is_clean_id(text):
            return False
        if len(self._tokens) >= CLEAN_MAX:
            self._tokens.clear()
        self._tokens.add(code)
        return True

    def is_clean_id(self, text: str) -> bool:
        """Return whether a text, which may be an id, has no personal value. A date may be a date of birth."""
        code = hash(text)
        if code in self._ids:
            return True
        if SIMPLE.fullmatch(text):
            return True
        # A UUID is random: its digits look like a number only by chance.
        without = UUIDS.sub("uuid", text) if len(text) >= UUID_CHARACTERS else text
        if SHORT_DATE.fullmatch(text) or holds_encoded_date(without) or not self.is_clean(without):
            return False
        if len(self._ids) >= CLEAN_MAX:
            self._ids.clear()
        self._ids.add(code)
        return True

    def _has_nothing(self, text: str) -> bool:
        if len(text) > STRING_MAX:
            return False
        if text.isascii() and "%" not in text and "&" not in text:
            if PLAIN.fullmatch(text) or not TRIGGER.search(text):
                return True
            if "\\" not in text:
                return not self._finds(text)
        return not self.scrub(text).rules

    def _finds(self, text: str) -> bool:
        try:
            return bool(self.find(text))
        except TooManyCandidates:
            return True

    def scrub(self, text: str, characters_max: int = STRING_MAX) -> ScrubbedText:
        """Return the text with personal values replaced. A text without findings is returned unchanged.

        Raises:
            ScrubFailed: its Unicode cannot be made plain within bounds.

        """
        if len(text) > characters_max:
            return ScrubbedText(REMOVED, (LIMIT_STRING,))
        rules: dict[str, None] = {}
        kept = text
        seen = fold(text)
        for _ in range(DECODINGS_MAX + 1):
            scrubbed = self._replace(seen, rules)
            if scrubbed is None:
                return ScrubbedText(REMOVED, tuple(rules))
            if scrubbed != seen:
                kept = seen = scrubbed
            if not is_escaped(seen):
                return ScrubbedText(kept, tuple(rules))
            decoded = fold(unescape(seen))
            if decoded == seen:
                return ScrubbedText(kept, tuple(rules))
            seen = decoded
        return ScrubbedText(REMOVED, (*rules, LIMIT_ENCODING))

    def _replace(self, text: str, rules: dict[str, None]) -> str | None:
        """Replace until no rule finds anything; return None if that is never reached."""
        for _ in range(PASSES_MAX):
            try:
                findings = self.find(text)
            except TooManyCandidates:
                rules[LIMIT_CANDIDATES] = None
                return None
            if not findings:
                return text
            rules.update(dict.fromkeys(finding.rule.id for finding in findings))
            text = _rewrite(text, _apart(findings))
        return None

    def find(self, text: str) -> list[Finding]:
        """Return the findings of all rules in a plain text."""
        profile = TextProfile(text)
        findings = []
        for family in self._by_marks.get((profile.digits, profile.marks)) or self._worth_asking(profile):
            if family.passes(profile):
                for rules, start, end in family.places(profile):
                    for rule in rules:
                        findings += [Finding(*span, rule) for span in rule.find(text, start, end)]
        return findings

    def _worth_asking(self, profile: TextProfile) -> list[Family]:
        """Return the families that could find something in a text with these marks; cached for few marks."""
        families = [family for family in self._families if family.may_find(profile)]
        if len(profile.marks) <= MARKS_MAX:
            if len(self._by_marks) >= MARKS_REMEMBERED_MAX:
                self._by_marks.clear()
            self._by_marks[profile.digits, profile.marks] = families
        return families


def _apart(findings: list[Finding]) -> list[Finding]:
    """Join overlapping findings under the rule with the longest one; among equals, under the first rule."""
    if len(findings) == 1:
        return findings
    findings.sort(key=lambda finding: finding.start)
    joined = [findings[0]]
    for finding in findings[1:]:
        last = joined[-1]
        if finding.start >= last.end:
            joined.append(finding)
            continue
        longer = finding if finding.end - finding.start > last.end - last.start else last
        joined[-1] = Finding(last.start, max(last.end, finding.end), longer.rule)
    return joined


def _rewrite(text: str, findings: list[Finding]) -> str:
    pieces, position = [], 0
    for finding in findings:
        pieces += [text[position : finding.start], finding.rule.marker]
        position = finding.end
    return "".join([*pieces, text[position:]])
