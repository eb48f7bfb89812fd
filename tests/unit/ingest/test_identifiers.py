"""Identifiers: one spelling by which they are compared, and no float that two of them could share."""

import json
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from rollcall.contracts.identifiers import canonical_id, read_uuid
from rollcall.domain.ingest.json_body import read_json

IDENTITY = UUID("f81d4fae-7dec-11d0-a765-00a0c91e6bf6")
DASHED = str(IDENTITY)
UUIDS: TypeAdapter[UUID] = TypeAdapter(UUID)
SPELLINGS = [DASHED, IDENTITY.hex, f"{{{DASHED}}}", f"urn:uuid:{DASHED}"]
SPELLINGS += [DASHED.upper(), IDENTITY.hex.upper(), f"{{{DASHED.upper()}}}", f"urn:uuid:{DASHED.upper()}"]
NO_UUIDS = [
    "",
    DASHED[:-1],
    DASHED + "0",
    f" {DASHED}",
    f"{DASHED}\n",
    f"({DASHED})",
    f"{{{IDENTITY.hex}}}",
    f"urn:uuid:{IDENTITY.hex}",
    f"uuid:{DASHED}",
    f"{{urn:uuid:{DASHED}}}",
    f"{DASHED[:8]}{DASHED[9:]}",
    IDENTITY.hex.replace("f", "g"),
    "-".join(IDENTITY.hex),
    DASHED.replace("-", "\u2010"),
    DASHED.replace("1", "\u0661"),
]


@pytest.mark.parametrize("text", SPELLINGS)
def test_a_uuid_is_read_as_pydantic_reads_it(text: str) -> None:
    """Paths, tokens and cursors take the spellings that bodies and queries take."""
    assert read_uuid(text) == UUIDS.validate_strings(text) == UUIDS.validate_json(json.dumps(text)) == IDENTITY
    assert canonical_id(text) == DASHED


@pytest.mark.parametrize("text", NO_UUIDS)
def test_no_other_spelling_is_read_anywhere(text: str) -> None:
    """What bodies refuse is refused in paths and tokens too."""
    assert read_uuid(text) is None
    with pytest.raises(ValidationError):
        UUIDS.validate_strings(text)


@given(st.text(alphabet="0123456789abcdefABCDEF-{}urn:id ", max_size=48))
def test_both_readers_agree(text: str) -> None:
    """No text is a UUID to one reader alone."""
    try:
        expected = UUIDS.validate_strings(text)
    except ValidationError:
        expected = None
    assert read_uuid(text) == expected


@pytest.mark.parametrize(
    ("written", "identifier"),
    [
        ('"user2"', "user2"),
        ('"12345.0"', "12345.0"),
        ('"URN:UUID:F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6"', DASHED),
        ("12345", "12345"),
        ("12345.0", "12345"),
        ("1.2345e4", "12345"),
        ("-7", "-7"),
        ("0", "0"),
        ("-0.0", "0"),
        ("9007199254740992", "9007199254740992"),
        ("9007199254740993", "9007199254740993"),
        ("9007199254740993.0", "9007199254740992"),
        ("110169484474386276334", "110169484474386276334"),
        ("110169484474386276335", "110169484474386276335"),
        ("9" * 128, "9" * 128),
        ("9" * 129, None),
        ("110169484474386276334.0", None),
        ("1.10169484474386276334e20", None),
        ("12.5", None),
        ("1e400", None),
        ("true", None),
        ("null", None),
        ("[]", None),
        ("{}", None),
    ],
)
def test_an_id_has_one_text(written: str, identifier: str | None) -> None:
    """A whole number is its digits, whichever way JSON writes it; a float that two ids could share is none."""
    assert canonical_id(read_json(written.encode())) == identifier


@given(st.integers(min_value=-(10**60), max_value=10**60), st.integers(min_value=1, max_value=1000))
def test_neighbours_stay_two(number: int, distance: int) -> None:
    """Two whole numbers are never one id, however long."""
    first, second = (canonical_id(read_json(str(each).encode())) for each in (number, number + distance))
    assert first != second
