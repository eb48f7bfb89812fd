"""Policies: which events and properties are kept, which rules apply. Named, versioned, compiled once and run often."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from rollcall.domain.faults import nearest
from rollcall.domain.scrub import catalogue
from rollcall.domain.scrub.addresses import may_have_urls
from rollcall.domain.scrub.key_name import compact, snake, stored_name
from rollcall.domain.scrub.key_rules import KEY_RULES, PLAIN, KeyRule, KeyVerdict, judge
from rollcall.domain.scrub.kinds import KINDS, Kind
from rollcall.domain.scrub.limits import NAME_MAX
from rollcall.domain.scrub.presets.shipped import PRESETS
from rollcall.domain.scrub.redaction import Action
from rollcall.domain.scrub.remark import UNNAMED
from rollcall.domain.scrub.routes import RouteWords
from rollcall.domain.scrub.rules.families import RULE_IDS
from rollcall.domain.scrub.selector import ANY_DEPTH, Selector, begin, vocabulary
from rollcall.domain.scrub.text import TextScrubber
from rollcall.errors import PolicyInvalid

if TYPE_CHECKING:
    from rollcall.contracts.scrub.policy import PolicyAdditions

NAME = "minors"
VERSION = "minors-3"
EVERY_EVENT = ""
OWN_KEYS = "@key:organisation"
KEYS_REMEMBERED_MAX = 4_096
KeyMemory = tuple[KeyVerdict | None, str]
DIGEST_DIGITS = 8
SPELLINGS_MAX = 2_048  # cached results for declared names, which are never personal
PROPERTIES_MAX = 500  # properties declared for one event
NAMES_OF_ENVELOPE = [
    "event",
    "events",
    "properties",
    "context",
    "traits",
    "batch",
    "body",
    "message",
    "records",
    "payload",
    "data",
    "user",
    "org_id",
    "event_id",
    "message_id",
    "occurred_at",
    "received_at",
    "name",
    "items",
]


class DeclaredProperty:
    """The declaration for one place of an event: a kind of value, an object of declared properties, or an array."""

    __slots__ = ("each", "kind", "members", "name", "spellings")

    def __init__(self, name: str) -> None:
        self.name = name
        self.kind: Kind | None = None
        self.members: dict[str, DeclaredProperty] = {}
        self.each: DeclaredProperty | None = None
        self.spellings: dict[str, DeclaredProperty] = {}

    @property
    def is_nested(self) -> bool:
        """Return whether an object or an array is allowed here too."""
        return bool(self.members or self.each)

    def add(self, path: str, kind: Kind) -> None:
        """Declare the property at this path."""
        node = self
        for part in path.split("."):
            node = node.item() if part == "*" else node.members.setdefault(compact(part), DeclaredProperty(snake(part)))
        node.kind = kind

    def item(self) -> "DeclaredProperty":
        """Return the declaration for the items of an array here."""
        self.each = self.each or DeclaredProperty("*")
        return self.each

    def member(self, key: str) -> "DeclaredProperty | None":
        """Return the declaration for this key, in any spelling."""
        # For a key that is an address, as in extensions of xAPI: its last word.
        word = key.rsplit("/", 1)[-1] if "://" in key else key
        declared = self.members.get(compact(key)) or self.members.get(compact(word))
        if declared and len(self.spellings) < SPELLINGS_MAX:
            self.spellings[key] = declared
        return declared


class Policy:
    """A policy, ready to run."""

    def __init__(self, additions: Mapping[str, Any], version: str) -> None:
        self.name = NAME
        self.version = version
        self.texts = TextScrubber(frozenset(additions.get("disable_rules", ())))
        of_presets = (word for name in additions.get("presets", ()) for word in PRESETS[name].route_words)
        self.routes = RouteWords(additions.get("route_words", ()), of_presets)
        self.key_rules = _key_rules(additions)
        self._personal = frozenset(map(compact, additions.get("personal_keys", ())))
        self.path_names = any(PRESETS[name].path_names for name in additions.get("presets", ()))
        self.refused = frozenset(map(compact, additions.get("refuse_events", ())))
        self.selectors = begin(_selectors(additions))
        self.floating = begin((selector.floating, action) for selector, action in _selectors(additions))
        self.vocabulary = vocabulary(self.floating)
        self._everywhere, self._declarations = declarations_of(additions)
        self._trees: dict[str, DeclaredProperty] = {}
        self.key_memory: dict[int, KeyMemory] = {}
        self._names: dict[str, str] = {}
        self._tree(EVERY_EVENT)

    def event_name(self, name: str) -> str | None:
        """Return the stored name of a declared event, or None for an undeclared one."""
        known = self._names.get(name)
        if known is None:
            found = self._declarations.get(compact(name))
            known = found[0] if found else None
            if known and len(self._names) < SPELLINGS_MAX:
                self._names[name] = known
        return known

    def refuses(self, name: str) -> bool:
        """Return whether events with this name are rejected."""
        return bool(self.refused) and compact(name) in self.refused

    def declared(self, event_name: str) -> DeclaredProperty:
        """Return the declared properties of this event."""
        tree = self._trees.get(event_name)
        if tree is None:
            key = compact(event_name)
            tree = self._tree(key if key in self._declarations else EVERY_EVENT)
        return tree

    def _tree(self, key: str) -> DeclaredProperty:
        if key not in self._trees:
            name, own = self._declarations.get(key, (EVERY_EVENT, {}))
            tree = DeclaredProperty("")
            for path, kind in {**self._everywhere, **own}.items():
                if self._personal.isdisjoint(map(compact, path.split("."))):
                    tree.add(path, KINDS[kind])
            self._trees[key] = self._trees[name] = tree
        return self._trees[key]

    def remember_key(self, key: str) -> KeyMemory:
        """Return the rule of a document's key, and the name that may be shown for it.

        Keys without anything personal in them are remembered, by their keyed hash alone, so that no child's name stays
        in memory.
        """
        if len(key) > NAME_MAX:
            return None, UNNAMED
        verdict = judge(key, self.key_rules)
        shown = verdict.shown if verdict else snake(key) if compact(key) in self.known_names else UNNAMED
        # A key with an address is judged each time, because its stored form differs from the key.
        if not may_have_urls(key) and self.texts.is_clean(key):
            if len(self.key_memory) >= KEYS_REMEMBERED_MAX:
                self.key_memory.clear()
            self.key_memory[hash(key)] = verdict, shown
        return verdict, shown

    @cached_property
    def known_names(self) -> frozenset[str]:
        """Names of keys that may be shown: the policy's own words, which cannot be a child's name."""
        own = (part for _, properties in self._declarations.values() for path in properties for part in path.split("."))
        every = (part for path in self._everywhere for part in path.split("."))
        of_rules = (name for rule in self.key_rules for name in (*rule.names, *rule.words))
        return frozenset(map(compact, (*own, *every, *NAMES_OF_ENVELOPE))) | PLAIN | frozenset(of_rules)


def declarations_of(additions: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, tuple[str, dict[str, str]]]]:
    """Return the kinds of properties of every event, and by each event's compact name its name and its own properties.

    Later declarations replace earlier ones, in this order: the default, presets, the organisation.
    """
    chosen = [PRESETS[name] for name in additions.get("presets", ())]
    everywhere = dict(catalogue.EVERY_EVENT)
    for declared in (*(preset.everywhere for preset in chosen), additions.get("declare_everywhere", {})):
        everywhere |= declared
    declarations: dict[str, tuple[str, dict[str, str]]] = {}
    for events in (catalogue.EVENTS, *(preset.events for preset in chosen), additions.get("declare", {})):
        for name, properties in events.items():
            known = declarations.get(compact(name), (stored_name(name), {}))
            declarations[compact(name)] = (known[0], {**known[1], **properties})
    return everywhere, declarations


def _selectors(additions: Mapping[str, Any]) -> Iterable[tuple[Selector, Action]]:
    lists: dict[Action, tuple[str, ...]] = {
        "remove": additions.get("drop", ()),
        "pseudonymise": additions.get("pseudonymise", ()),
        "mask": additions.get("mask", ()),
    }
    return [(Selector.parse(text), action) for action, texts in lists.items() for text in texts]


def _key_rules(additions: Mapping[str, Any]) -> tuple[KeyRule, ...]:
    kept = tuple(rule for rule in KEY_RULES if rule.id not in additions.get("disable_rules", ()))
    own = frozenset(map(compact, additions.get("personal_keys", ())))
    return (KeyRule(OWN_KEYS, "replace", own, frozenset(), ()), *kept) if own else kept


def _version(added: Mapping[str, Any]) -> str:
    canonical = json.dumps(added, sort_keys=True, separators=(",", ":"))
    return f"{VERSION}+{hashlib.sha256(canonical.encode()).hexdigest()[:DIGEST_DIGITS]}"


def _check(additions: "PolicyAdditions") -> None:
    known = RULE_IDS | {rule.id for rule in KEY_RULES}
    unknown = set(additions.disable_rules) - known
    if unknown:
        meant = nearest(min(unknown), sorted(known))
        raise PolicyInvalid("disable_rules has a rule that is not known." + (f" Is {meant} meant?" if meant else ""))
    for properties in (additions.declare_everywhere, *additions.declare.values()):
        if len(properties) > PROPERTIES_MAX:
            raise PolicyInvalid(f"An event has more than {PROPERTIES_MAX} properties.")
        for path in properties:
            Selector.parse(path)
            if ANY_DEPTH in path.split("."):
                raise PolicyInvalid("A declared property is a path like lesson_id, page.path or answers.*.score.")
    names = (*additions.declare, *additions.refuse_events, *additions.personal_keys)
    if not all(map(compact, names)):
        raise PolicyInvalid("A name has neither letters nor digits.")


@lru_cache(maxsize=1)
def default_policy() -> Policy:
    """Return the policy for minors: only properties that are declared safe are kept."""
    return Policy({}, VERSION)


def policy_with(additions: "PolicyAdditions | None") -> Policy:
    """Return the default policy with an organisation's additions.

    Raises:
        PolicyInvalid: they name an unknown rule, or a selector that selects nothing.

    """
    added = additions.model_dump(mode="json", exclude_defaults=True) if additions else {}
    if additions is None or not added:
        return default_policy()
    _check(additions)
    return Policy(added, _version(added))
