"""Policies: what additions may say, which make one laxer, and when the version changes."""

from typing import Any

import pytest
from pydantic import ValidationError
from rollcall.contracts.scrub.policy import PolicyAdditions
from rollcall.domain.keyring import Keyring
from rollcall.domain.scrub import catalogue
from rollcall.domain.scrub.key_rules import KEY_RULES
from rollcall.domain.scrub.kinds import KINDS
from rollcall.domain.scrub.policy import default_policy, policy_with
from rollcall.domain.scrub.pseudonym import Pseudonymiser
from rollcall.domain.scrub.rules.families import RULE_IDS
from rollcall.domain.scrub.scrubber import Scrubber
from rollcall.domain.scrub.selector import NOTHING, Selector, begin, descend
from rollcall.domain.scrub.strictness import needs_super
from rollcall.domain.scrub.unmatched import find_unmatched
from rollcall.errors import PolicyInvalid

from tests.builders import ORG
from tests.unit.scrub.conftest import SECRETS


def scrubber_with(**additions: Any) -> Scrubber:
    policy = policy_with(PolicyAdditions.model_validate(additions))
    return Scrubber(policy, Pseudonymiser(Keyring("k2", SECRETS), ORG))


def test_the_default_policy_is_compiled_once() -> None:
    """Without additions, or with empty ones, it is the same."""
    assert default_policy() is default_policy()
    assert policy_with(None) is default_policy()
    assert policy_with(PolicyAdditions()) is default_policy()
    assert (default_policy().name, default_policy().version) == ("minors", "minors-3")


def test_a_version_names_what_was_added() -> None:
    """The same additions have the same version for every organisation; others have another."""
    versions = [
        policy_with(PolicyAdditions.model_validate(additions)).version
        for additions in ({"drop": ["score"]}, {"drop": ("score",), "mask": []}, {"drop": ["points"]})
    ]
    assert versions[0] == versions[1] != versions[2]
    assert versions[0].startswith("minors-3+")
    assert len(versions[0]) == len("minors-3+") + 8


@pytest.mark.parametrize(
    ("rule", "told"),
    [("@kim_miller", "not known."), ("@phones", "Is @phone meant?"), ("@us_snn", "Is @us_ssn meant?")],
)
def test_an_unknown_rule_is_not_quoted(rule: str, told: str) -> None:
    """The answer names the rule that it is most like, and nothing of what was sent."""
    with pytest.raises(PolicyInvalid) as refused:
        policy_with(PolicyAdditions(disable_rules=(rule,)))
    assert str(refused.value).endswith(told)
    assert rule not in str(refused.value).split()


@pytest.mark.parametrize(
    ("additions", "unmatched"),
    [
        ({"drop": ["percent", "answers.*.choice_id", "**.subject", "context.page", "context.*.name"]}, []),
        ({"drop": ["Lesson Id", "lessonId", "answers.*.score", "answers.*"]}, []),
        (
            {"drop": ["nothing_such", "answers.0.score"], "mask": ["context.nothing"]},
            ["nothing_such", "answers.0.score", "context.nothing"],
        ),
        (
            {"pseudonymise": ["name.lesson_id", "**.nothing", "answers.*.*.score"]},
            ["name.lesson_id", "**.nothing", "answers.*.*.score"],
        ),
        ({"drop": ["own.thing"], "declare": {"x": {"own.thing": "token"}}}, []),
        ({"drop": ["own.thing"], "declare_everywhere": {"own.things": "token"}}, ["own.thing"]),
        ({"drop": ["result.completion"]}, ["result.completion"]),
        ({"drop": ["result.completion"], "presets": ["xapi"]}, []),
        ({"drop": [".".join(["**", "a"] * 8)]}, [".".join(["**", "a"] * 8)]),
    ],
)
def test_selectors_that_match_no_declared_property_are_named(additions: dict[str, Any], unmatched: list[str]) -> None:
    """They may be misspelt; those that match a property of any event, or something it is in, are not among them."""
    assert find_unmatched(PolicyAdditions.model_validate(additions)) == unmatched


@pytest.mark.parametrize(
    "additions",
    [
        {"disable_rules": ["@nosuch"]}, {"disable_rules": ["@key:nosuch"]}, {"drop": ["a..b"]}, {"drop": ["a.**"]},
        {"drop": ["."+"a"]}, {"mask": [".".join("abcdefghijklmnopqrs")]}, {"declare": {"x": {"a.**.b": "token"}}},
        {"declare": {"x": {f"p{number}": "token" for number in range(501)}}},
        {"personal_keys": ["a__ "], "drop": ["_"]},
    ],
)  # fmt: skip
def test_what_cannot_be_applied_is_refused(additions: dict[str, Any]) -> None:
    """Unknown rules and malformed selectors are refused at load, never skipped."""
    with pytest.raises((PolicyInvalid, ValidationError)):
        policy_with(PolicyAdditions.model_validate(additions))


@pytest.mark.parametrize(
    "additions",
    [
        {"unknown": 1}, {"declare": {"x": {"a": "anything"}}}, {"drop": ["a"] * 201}, {"drop": [""]},
        {"drop": ["x" * 129]},
        {"disable_rules": ["email"]}, {"refuse_events": ["x" * 97]},
    ],
)  # fmt: skip
def test_what_is_no_addition_is_no_model(additions: dict[str, Any]) -> None:
    """Unknown members, kinds and actions, and endless lists."""
    with pytest.raises(ValidationError):
        PolicyAdditions.model_validate(additions)


@pytest.mark.parametrize(
    ("additions", "laxer"),
    [
        ({}, False), ({"drop": ["a"], "mask": ["b"], "pseudonymise": ["c"]}, False),
        ({"personal_keys": ["house"]}, False),
        ({"refuse_events": ["page"]}, False), ({"declare": {"x": {"a": "token"}}}, True),
        ({"declare_everywhere": {"a": "token"}}, True), ({"disable_rules": ["@email"]}, True),
        ({"drop": ["a"], "disable_rules": ["@key:name"]}, True),
    ],
)  # fmt: skip
def test_only_declaring_and_turning_off_is_laxer(additions: dict[str, Any], laxer: bool) -> None:
    """Everything else can only take away."""
    assert needs_super(PolicyAdditions.model_validate(additions), None) is laxer


def test_declared_events_are_kept() -> None:
    """An organisation's own event has its name and properties, of their kinds, and still no address."""
    scrubber = scrubber_with(declare={"Fish Fed": {"fish_kind": "token", "meals.*.grams": "number", "motto": "text"}})
    assert scrubber.scrub_name("fishFed").value == "fish_fed"
    sent = {"fishKind": "guppy", "meals": [{"grams": 3, "by": "Jane"}], "Motto": "eat, jane@example.org", "fed": 1}
    kept = scrubber.scrub_properties("fish_fed", sent).value
    assert kept == {"fish_kind": "guppy", "meals": [{"grams": 3}], "motto": "eat, [email]"}
    assert scrubber.scrub_properties("fish_fed", {"fishKind": "jane@example.org"}).value == {}


def test_a_rule_can_be_turned_off() -> None:
    """Alone: the others stay."""
    scrubber = scrubber_with(disable_rules=["@ipv4", "@key:address"])
    assert scrubber.scrub_document({"city": "Rome", "x": "10.0.0.1 jane@example.org"}).value == {
        "city": "Rome", "x": "10.0.0.1 [email]",
    }  # fmt: skip


def test_stricter_additions_only_take_away() -> None:
    """With any stricter addition, what is kept is part of what the default keeps."""
    sent = {"lesson_id": "l-1", "score": 1, "subject": "music", "Jane": 1, "answers": [{"score": 2}]}
    default = Scrubber(default_policy(), Pseudonymiser(Keyring("k2", SECRETS), ORG))
    kept = default.scrub_properties("quiz_submitted", sent).value
    for additions in (
        {"mask": ["jane"]}, {"pseudonymise": ["jane", "**.jane"]}, {"pseudonymise": ["answers"]},
        {"drop": ["**.score"]},
    ):  # fmt: skip
        stricter = scrubber_with(**additions).scrub_properties("quiz_submitted", sent).value
        assert set(stricter) <= set(kept)
        assert "Jane" not in stricter


@pytest.mark.parametrize("key", ["section", "Section", "percent", "context.page"])
def test_personal_keys_are_personal_wherever_they_stand(key: str) -> None:
    """Also where the default policy declares them safe, and where a document has them."""
    name = key.rpartition(".")[2]
    properties = {"section": "kim", "percent": 3, "context": {"page": {"path": "/kim"}, "locale": "de"}}
    scrubber = scrubber_with(personal_keys=[name])
    scrubbed = scrubber.scrub_properties("page_viewed", properties)
    assert name.lower() not in str(scrubbed.value)
    assert scrubbed.value.get("context", {}).get("locale") == "de"
    assert scrubber.scrub_document({name: "kim"}).value == {name: "[organisation]"}


@pytest.mark.parametrize("list_of", ["drop", "mask", "pseudonymise"])
def test_selecting_the_items_of_a_list_selects_it(list_of: str) -> None:
    """A list of tokens is kept or dropped as a whole."""
    scrubbed = scrubber_with(**{list_of: ["tags.*"]}).scrub_properties("page", {"tags": ["kim", "b"], "level": "a"})
    assert scrubbed.value == {"level": "a"}


def test_what_the_default_drops_is_not_kept_as_a_pseudonym() -> None:
    """A value that does not fit its kind stays dropped; one that fits is pseudonymised, once."""
    scrubber = scrubber_with(pseudonymise=["lesson_id", "score", "is_test"])
    assert scrubber.scrub_properties("quiz_submitted", {"lesson_id": "Jane Doe", "is_test": True}).value == {}
    kept = scrubber.scrub_properties("quiz_submitted", {"lesson_id": "l-1", "score": 5}).value
    assert kept == {"lesson_id": scrubber.scrub_identifier("l-1"), "score": scrubber.scrub_identifier("5")}
    assert scrubber.scrub_properties("quiz_submitted", kept).value == kept


@pytest.mark.parametrize(
    ("selector", "path", "selected"),
    [
        ("a.b", "a.b", True), ("a.b", "a", False), ("a.b", "b", False), ("a.*", "a.b", True), ("*.b", "a.b", True),
        ("a.*", "a.b.c", False), ("**.b", "b", True), ("**.b", "a.x.b", True), ("a.**.c", "a.c", True),
        ("a.**.c", "a.x.y.c", True), ("a.**.c", "b.c", False), ("User_Name", "username", True), ("a.*.c",
        "a.*.c", True),
    ],
)  # fmt: skip
def test_selectors_select_paths(selector: str, path: str, selected: bool) -> None:
    """`*` is one level, `**` any number of levels, none included."""
    waiting, action = begin([(Selector.parse(selector), "remove")]), None
    for part in path.split("."):
        waiting, action = descend(waiting, part)
    assert (action == "remove") is selected


def test_the_strictest_of_two_selectors_counts() -> None:
    """Removed, if any says so."""
    waiting = begin(
        [(Selector.parse("a"), "mask"), (Selector.parse("*"), "remove"), (Selector.parse("a"), "pseudonymise")]
    )
    assert descend(waiting, "a") == (NOTHING, "remove")


def test_the_catalogue_names_known_kinds() -> None:
    """Each declared property is of a kind that there is."""
    kinds = {kind for properties in (catalogue.EVERY_EVENT, *catalogue.EVENTS.values()) for kind in properties.values()}
    assert kinds <= set(KINDS)
    assert "text" not in kinds


def test_rules_have_readable_ids() -> None:
    """As in `@email` and `@key:credentials`."""
    assert {"@email", "@payment_card"} <= RULE_IDS
    assert "@key:credentials" in {rule.id for rule in KEY_RULES}
