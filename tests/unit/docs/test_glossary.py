"""GLOSSARY.md: one entry for each word, in the order of the alphabet, and one meaning in each entry."""

import re

from tests.checkout import ROOT

ROWS = re.findall(r"^\| (.+?) \| (.+?) \|$", (ROOT / "GLOSSARY.md").read_text(), re.MULTILINE)[2:]


def test_words_stand_once_and_in_order() -> None:
    """A reader finds a word by its place."""
    words = [re.sub(r"[^a-z0-9 _]", "", word.lower()) for word, _ in ROWS]
    assert len(words) > 100
    assert words == sorted(set(words))


def test_no_word_has_two_meanings() -> None:
    """An entry that says `Of one thing: ... Of another: ...` names two things by one word."""
    assert [word for word, meaning in ROWS if len(re.findall(r"(?:^|\. )Of [a-z ]+: ", meaning)) > 1] == []
