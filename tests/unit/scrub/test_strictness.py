"""Who may set what of a policy: what admin:super restricted, admin:write cannot take back."""

from typing import Any

import pytest
from rollcall.contracts.scrub.policy import PolicyAdditions, StoredAdditions
from rollcall.domain.scrub.strictness import needs_super, stored_form

RESTRICTIONS: dict[str, list[str]] = {
    "drop": ["percent"], "pseudonymise": ["lesson_id"], "mask": ["**.subject"], "personal_keys": ["house"],
    "refuse_events": ["page"],
}  # fmt: skip
LAX: dict[str, Any] = {
    "declare": {"diary_written": {"mood": "token"}}, "declare_everywhere": {"mood": "token"},
    "disable_rules": ["@email"], "route_words": ["fractions"], "presets": ["xapi"],
}  # fmt: skip


def additions(*parts: dict[str, Any]) -> PolicyAdditions:
    return PolicyAdditions.model_validate({name: value for part in parts for name, value in part.items()})


def set_by(scope: str, *parts: dict[str, Any], before: StoredAdditions | None = None) -> StoredAdditions:
    return stored_form(additions(*parts), before, by_super=scope == "super")


@pytest.mark.parametrize("member", RESTRICTIONS)
@pytest.mark.parametrize(("who", "needed"), [("super", True), ("write", False)])
def test_who_restricted_may_take_it_back(member: str, who: str, needed: bool) -> None:
    """What admin:super restricted stays until admin:super takes it back; what admin:write did, it may undo."""
    restriction = {member: RESTRICTIONS[member]}
    stored = set_by(who, restriction)
    assert needs_super(additions(), stored) is needed
    assert not needs_super(additions(restriction), stored)
    assert not needs_super(additions(restriction | {"drop": ["percent", "score"]}), stored)


@pytest.mark.parametrize("member", RESTRICTIONS)
def test_each_ones_restrictions_are_told_apart(member: str) -> None:
    """What admin:write adds to admin:super's can be taken back alone, however often either is set again."""
    held, own = {member: RESTRICTIONS[member]}, {member: ["other"]}
    both = {member: [*RESTRICTIONS[member], "other"]}
    stored = set_by("write", both, before=set_by("super", held))
    assert not needs_super(additions(held), stored)
    assert needs_super(additions(own), stored)
    again = set_by("write", both, before=set_by("write", held, before=stored))
    assert not needs_super(additions(held), again)
    assert needs_super(additions(own), again)
    assert needs_super(additions(held), set_by("super", both, before=stored)), "admin:super set it too"


@pytest.mark.parametrize("member", RESTRICTIONS)
def test_what_an_operator_wrote_is_held(member: str) -> None:
    """A parameter without a note of who set it, as of an earlier release, is admin:super's."""
    assert needs_super(additions(), StoredAdditions.model_validate({member: RESTRICTIONS[member]}))


@pytest.mark.parametrize("member", LAX)
def test_whatever_keeps_more_needs_admin_super(member: str) -> None:
    """New, or more of it; as it stands, or less of it, anybody may set it again."""
    lax = {member: LAX[member]}
    stored = set_by("super", lax)
    assert needs_super(additions(lax), None)
    assert not needs_super(additions(lax), stored)
    assert not needs_super(additions(lax, {"drop": ["score"]}), stored)
    assert not needs_super(additions(), stored)
    assert needs_super(additions(LAX), stored)


@pytest.mark.parametrize(
    ("held", "asked", "needed"),
    [
        ({"mask": ["score"]}, {"pseudonymise": ["score"]}, False),
        ({"mask": ["score"]}, {"drop": ["score"]}, False),
        ({"pseudonymise": ["score"]}, {"drop": ["Score"]}, False),
        ({"pseudonymise": ["score"]}, {"mask": ["score"]}, True),
        ({"drop": ["score"]}, {"pseudonymise": ["score"]}, True),
        ({"drop": ["answers.*.score"]}, {"drop": ["answers.*.Score"]}, False),
        ({"drop": ["answers.*.score"]}, {"drop": ["answers.*.choice_id"]}, True),
        ({"personal_keys": ["house colour"]}, {"personal_keys": ["houseColour"]}, False),
        ({"refuse_events": ["Page Viewed"]}, {"refuse_events": ["page_viewed"]}, False),
        # A declaration that makes a kind stricter is a restriction as well.
        ({"declare_everywhere": {"lesson_id": "pseudonym"}}, {}, True),
        ({"declare": {"page": {"page_name": "pseudonym"}}}, {}, True),
        ({"declare": {"page": {"mood": "token"}}}, {"declare": {"page": {"mood": "text"}}}, True),
        ({"declare": {"page": {"mood": "token"}}}, {"declare": {"screen": {"mood": "token"}}}, True),
        ({"declare_everywhere": {"mood": "token"}}, {"declare": {"page": {"mood": "token"}}}, False),
        ({"presets": ["xapi", "h5p"]}, {"presets": ["h5p"]}, False),
        # An event that is declared no more keeps what any event keeps.
        ({"declare": {"class visit": {"course_id": "pseudonym"}}}, {}, True),
        ({"declare": {"class visit": {"Course Id": "pseudonym"}}}, {"declare": {}}, True),
        ({"declare": {"class visit": {"context.os.name": "pseudonym"}}}, {"drop": ["score"]}, True),
        ({"declare": {"class visit": {"mood": "token"}}}, {}, False),
        ({"declare": {"class visit": {"course_id": "token"}}}, {}, False),
    ],
)
def test_stricter_may_replace_what_is_held(held: dict[str, Any], asked: dict[str, Any], needed: bool) -> None:
    """In any spelling; laxer may not, in whatever way it is."""
    assert needs_super(additions(asked), set_by("super", held)) is needed
