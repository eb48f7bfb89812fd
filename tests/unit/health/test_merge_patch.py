"""JSON merge patches: what RFC 7396 says, and that a patch leads from the one document to the other."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rollcall.domain.health.merge_patch import apply, diff

NAMES = st.sampled_from(["a", "b", "c", "status"])
LEAVES = st.booleans() | st.integers(-3, 3) | st.text(max_size=3) | st.floats(allow_nan=False, allow_infinity=False)
# Objects share few names, so that two of them have something in common.
DOCUMENTS = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=12
)
OBJECTS = st.dictionaries(NAMES, DOCUMENTS, max_size=4)


@pytest.mark.parametrize(
    ("document", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_a_patch_does_what_the_standard_says(document: Any, patch: Any, result: Any) -> None:
    """These are the test cases of RFC 7396, Appendix A."""
    assert apply(document, patch) == result


@settings(max_examples=60, deadline=None)
@given(OBJECTS, OBJECTS)
def test_what_differs_leads_from_one_to_the_other(before: dict[str, Any], after: dict[str, Any]) -> None:
    """Applied to the document before, the difference is the document after, to the letter; neither is changed."""
    written = json.dumps([before, after])
    patched = apply(before, diff(before, after))
    assert json.dumps(patched, sort_keys=True) == json.dumps(after, sort_keys=True)
    assert json.dumps([before, after]) == written


@settings(max_examples=25, deadline=None)
@given(OBJECTS)
def test_nothing_is_said_of_what_is_the_same(document: dict[str, Any]) -> None:
    """The difference of a document to itself is empty."""
    assert diff(document, json.loads(json.dumps(document))) == {}


def test_only_what_changed_is_said() -> None:
    """A number deep inside does not bring its neighbours along, and true is not 1."""
    before = {"slos": {"lag": {"value": 1, "threshold": 5}}, "flags": {"on": 1}, "gone": {"a": 1}}
    after = {"slos": {"lag": {"value": 2, "threshold": 5}}, "flags": {"on": True}}
    assert diff(before, after) == {"slos": {"lag": {"value": 2}}, "flags": {"on": True}, "gone": None}
