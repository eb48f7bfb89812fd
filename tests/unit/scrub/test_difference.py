"""What a preview tells of the difference between a sample and what would be kept."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rollcall.domain.scrub.difference import find_changes

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1, "b": 2}, {"b": 2}, [("/a", "removed", None)]),
        ({"a": {"b": "x"}}, {"a": {"b": "y"}}, [("/a/b", "replaced", "y")]),
        ({"a": [1, 2]}, {"a": [1, 3]}, [("/a/1", "replaced", 3)]),
        ({"a": [1, 2]}, {"a": [1]}, [("/a", "replaced", [1])]),
        ({}, {"a": 1}, [("/a", "added", 1)]),
        ({"a/b": 1, "c~d": 2}, {}, [("/a~1b", "removed", None), ("/c~0d", "removed", None)]),
    ],
)
def test_changes_are_told_by_pointers(before: Any, after: Any, changes: list[tuple[str, str, Any]]) -> None:
    """Where, what happened, and what is there now; never what was there before."""
    assert [(change.pointer, change.change, change.value) for change in find_changes(before, after)] == changes


@given(JSON)
def test_a_document_does_not_differ_from_itself(document: Any) -> None:
    """Whatever it is."""
    assert list(find_changes(document, document)) == []


@given(JSON, JSON)
def test_documents_that_differ_have_a_change(before: Any, after: Any) -> None:
    """None is missed."""
    assert bool(list(find_changes(before, after))) == (before != after)
