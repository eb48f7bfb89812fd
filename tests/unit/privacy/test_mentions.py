"""Mentions of somebody in texts and documents: every spelling is found and taken out, and nothing else. No IO."""

import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rollcall.domain.privacy.mentions import THINGS, Mentions, plain

from tests.builders import spellings

LEARNER, OTHER = UUID("0b1f6c1e-6a3e-4a52-9d8e-2f6f3f1f5a10"), UUID("0b1f6c1e-6a3e-4a52-9d8e-2f6f3f1f5a11")
MENTIONS = Mentions((str(LEARNER), "a" * 32, "subject:" + "c" * 32), salt="one erasure")
SPELLED = [str(LEARNER), str(LEARNER).upper(), *spellings(LEARNER), "URN:UUID:" + str(LEARNER), f"{{{LEARNER.hex}}}"]


@pytest.mark.parametrize("spelled", SPELLED)
@pytest.mark.parametrize("around", ["{}", "course-{}", "x{}y", "<{}>", "a {} b", "{}{}"])
def test_every_spelling_is_found_and_taken_out(spelled: str, around: str) -> None:
    """Whatever stands around it, what is left does not name them, and says all else."""
    text = around.replace("{}", spelled)
    assert MENTIONS.is_in(text)
    for name in (None, "course_id"):
        left = MENTIONS.redact_text(text, name)
        assert not MENTIONS.is_in(left)
        assert left.startswith(around.partition("{")[0])
        assert "{" not in left


@pytest.mark.parametrize("spelled", [str(OTHER), OTHER.hex, f"{{{OTHER}}}", LEARNER.hex[:31], "b" * 32, "subject:"])
def test_what_names_somebody_else_stays(spelled: str) -> None:
    """An id that differs by a digit, or is shorter, is not theirs."""
    assert not MENTIONS.is_in(spelled)
    assert not MENTIONS.is_one(spelled)
    assert MENTIONS.redact_text(spelled) == spelled


@pytest.mark.parametrize("spelled", SPELLED)
def test_spellings_are_one_identifier(spelled: str) -> None:
    """They are compared by value."""
    assert plain(spelled) == LEARNER.hex
    assert MENTIONS.is_one(spelled)


def test_words_of_courses_stay_apart_and_join() -> None:
    """Two courses stay two; the same is the same in every place; another erasure makes other words."""
    words = {MENTIONS.redact_text(f"course-{spelled}", "course_id") for spelled in SPELLED}
    assert len(words) == len(set(SPELLED))
    assert MENTIONS.redact_text(f"course-{LEARNER}", "course_id") == MENTIONS.redact_text(f"course-{LEARNER}", "name")
    assert Mentions((str(LEARNER),), "another").redact_text(str(LEARNER), "name") != MENTIONS.redact_text(
        str(LEARNER), "name"
    )


@given(st.sampled_from(sorted(THINGS)), st.sampled_from(SPELLED))
def test_ids_of_things_are_left_alone(name: str, spelled: str) -> None:
    """Where an id of an event or organisation stands, an equal one is no mention; a text that is no id is one."""
    assert not MENTIONS.is_in_document({name: spelled, "events": [{name: [spelled]}]})
    assert MENTIONS.redact(spelled, name) == spelled
    assert MENTIONS.is_in_document({name: f"of {spelled}"})
    assert MENTIONS.is_in_document({"text": spelled, name: spelled})


@pytest.mark.parametrize("number", [11111111111141118111111111111111, 1.5, True, None, 7])
def test_numbers(number: Any) -> None:
    """A number that has a UUID's digits goes; any other number stays."""
    mentions = Mentions(("11111111-1111-4111-8111-111111111111",))
    left = mentions.redact(number)
    assert left is None if mentions.is_in(json.dumps(number)) else left is number
