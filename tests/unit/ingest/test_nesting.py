"""JSON that is nested without end can be read, without what lies too deep."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rollcall.domain.ingest.json_body import read_json
from rollcall.domain.ingest.nesting import DEPTH_MAX, flatten
from rollcall.errors import InvalidBody

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)


@given(JSON)
def test_what_is_not_deep_stays(document: object) -> None:
    """Whatever its strings hold: brackets, quotes and backslashes too."""
    text = json.dumps(document, ensure_ascii=False)
    assert flatten(text) == text


@pytest.mark.parametrize("levels", [DEPTH_MAX + 1, 5_000, 60_000])
@pytest.mark.parametrize("brackets", [("[", "]"), ('{"a":', "}"), ('[{"]":', "}]")])
def test_one_member_without_end_costs_itself(levels: int, brackets: tuple[str, str]) -> None:
    """What stands beside it is read as it was."""
    deep = brackets[0] * levels + "1" + brackets[1] * levels
    text = json.dumps({"before": "]}", "after": [1, {"b": '\\"'}]})[:-1] + f', "deep": [{deep}, 2], "last": 3}}'
    flat = json.loads(flatten(text))
    assert (flat["before"], flat["after"], flat["deep"][1], flat["last"]) == ("]}", [1, {"b": '\\"'}], 2, 3)
    assert read_json(text.encode())["last"] == 3


@pytest.mark.parametrize(
    "text", ["[" * 60_000, "]" * 60_000, '"' + "[" * 60_000, "{[" * 30_000 + "]}" * 30_000, "[" * 60_000 + "]" * 59_999]
)
def test_what_never_ends_is_no_json(text: str) -> None:
    """The answer names the fault, quickly."""
    with pytest.raises(InvalidBody):
        read_json(text.encode())


@pytest.mark.parametrize(
    "unit", ["[", "]", '"', "\\", '"\\', '\\"', '"\\"', "[{", '["', '"]', '"\\"\\', "a", '{"a":', "\n", '"\\\n']
)
@pytest.mark.parametrize("end", ["", "\\", ']"'])
def test_the_time_it_takes_grows_with_the_text_alone(unit: str, end: str) -> None:
    """Of each kind of token, pumped to half the size of a body: no character is looked at again and again."""
    text = '"' + unit * (262_144 // len(unit)) + end
    started = time.process_time()
    flatten(text)
    flatten(text[1:])
    assert time.process_time() - started < 3
