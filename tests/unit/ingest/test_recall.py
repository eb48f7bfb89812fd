"""`rollcall recall`: labelled texts in, recall by kind out."""

import json
from pathlib import Path

from typer.testing import CliRunner

from workbench.bench.presidio.published import read_set, recalls
from workbench.cli import app

TEXTS = [
    {"full_text": "Call 781 1704 or +1 202 555 0143.", "masked": "", "spans": [
        {"entity_type": "PHONE_NUMBER", "start_position": 5, "end_position": 13},
        {"entity_type": "PHONE_NUMBER", "start_position": 17, "end_position": 32}]},
    {"full_text": "It is 781 1704, says Jane.", "spans": [
        {"entity_type": "PHONE_NUMBER", "start_position": 6, "end_position": 14},
        {"entity_type": "PERSON", "start_position": 21, "end_position": 25}]},
]  # fmt: skip


def _file(folder: Path) -> Path:
    path = folder / "small.json"
    path.write_text(json.dumps(TEXTS))
    return path


def test_what_is_found_and_the_shapes_of_what_is_not(tmp_path: Path) -> None:
    """Of kinds that have a form, and nothing of what was missed but its shape."""
    (of_phones,) = recalls("small", read_set(_file(tmp_path)))
    assert (of_phones.kind, of_phones.labelled, of_phones.found) == ("PHONE_NUMBER", 3, 2)
    assert of_phones.shapes == "999 9999 (1)"


def test_the_command_prints_a_row_for_each_kind(tmp_path: Path) -> None:
    """With its percentage."""
    shown = CliRunner().invoke(app, ["recall", str(_file(tmp_path))])
    assert shown.exit_code == 0
    assert "PHONE_NUMBER" in shown.output
    assert "66.7" in shown.output


def test_a_file_of_another_form_is_refused(tmp_path: Path) -> None:
    """In words, and without a traceback."""
    path = tmp_path / "other.json"
    path.write_text('{"a": 1}')
    shown = CliRunner().invoke(app, ["recall", str(path)])
    assert shown.exit_code == 1
    assert "is not a file of labelled texts" in shown.output
