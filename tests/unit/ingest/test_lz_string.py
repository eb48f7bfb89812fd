"""Text that lz-string compressed in a browser: unfolded as it was, and never without a limit."""

import json
from pathlib import Path

import pytest
from rollcall.domain.ingest.lz_string import decompress_base64
from rollcall.errors import InvalidBody, TooLarge

# Made by lz-string 1.5 itself: [text, compressToBase64(text)].
SAMPLES: list[tuple[str, str]] = [
    tuple(pair) for pair in json.loads(Path(__file__).with_name("lz_string.json").read_text())
]


@pytest.mark.parametrize(("text", "compressed"), SAMPLES, ids=range(len(SAMPLES)))
def test_what_lz_string_packed_is_unfolded(text: str, compressed: str) -> None:
    """Whatever its characters are: the limit counts those of UTF-16, as browsers do."""
    assert decompress_base64(compressed, 2 * len(text)) == text


@pytest.mark.parametrize(("text", "compressed"), [pair for pair in SAMPLES if len(pair[0]) > 1])
def test_nothing_unfolds_beyond_the_limit(text: str, compressed: str) -> None:
    """However small it was packed."""
    with pytest.raises(TooLarge):
        decompress_base64(compressed, len(text) - 1)


@pytest.mark.parametrize("compressed", ["", "=", "!", "A", "////", "N4", "{}", "\x00", "é"])
def test_what_lz_string_did_not_pack_is_refused(compressed: str) -> None:
    """In words of ours."""
    with pytest.raises(InvalidBody):
        decompress_base64(compressed, 1_000)


def test_what_is_cut_off_is_refused() -> None:
    """At any place."""
    text, compressed = max(SAMPLES, key=lambda pair: len(pair[0]) if len(pair[0]) < 200 else 0)
    for length in range(len(compressed.rstrip("=")) - 1):
        with pytest.raises(InvalidBody):
            decompress_base64(compressed[:length], len(text))
