"""The shape of an unreadable body: it shows the kind of text and none of its words."""

from hypothesis import given
from hypothesis import strategies as st
from rollcall.domain.dead_letters.shape import SHAPE_CHARACTERS_MAX, shape_of, shape_texts


def test_a_shape_says_what_kind_of_text_it_was() -> None:
    """Letters and digits go, in any script; what stands between them stays."""
    assert shape_of("Zoë Müller, 12 Högvägen; 王小明") == "xxx xxxxxx, 99 xxxxxxxx; xxx"


def test_a_long_text_is_cut() -> None:
    """The shape keeps the beginning alone."""
    assert len(shape_of("a" * 100_000)) == SHAPE_CHARACTERS_MAX


def test_tokens_stay_and_words_go() -> None:
    """A later version's batch keeps its names and times; a sentence keeps its shape."""
    document = {
        "name": "lesson_viewed",
        "at": "2026-03-10T12:00:00+00:00",
        "items": ["Kim likes it", 7, None, "[email]"],
    }
    assert shape_texts(document) == document | {"items": ["xxx xxxxx xx", 7, None, "[email]"]}


def test_keys_of_words_go_too() -> None:
    """A name may stand where a key does."""
    assert shape_texts({"Kim Doe": {"lesson_id": 7}}) == {"xxx xxx": {"lesson_id": 7}}


@given(st.text())
def test_a_shape_is_the_shape_of_itself(text: str) -> None:
    """Buried again, a body is what it was."""
    assert shape_of(shape_of(text)) == shape_of(text)
    assert shape_texts(shape_texts(text)) == shape_texts(text)
