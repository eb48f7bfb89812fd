"""Each rule for grouped numbers, with each sign between its groups and each neighbour; and rows that are no numbers."""

import pytest
from rollcall.domain.scrub.identifiers import find_personal_identifier
from rollcall.domain.scrub.text import TextScrubber

TEXTS = TextScrubber()
SIGNS = (
    " ", "-", ".", "_", "/", ":", "+", "*", "~", ",", "|", "=", "#", ";", "&", "'", "\t", "\n", "•", "--", "__", "..",
    " - ", " / ", "::", "~~", "||", "-–-", "\u00a0", " · ",
)  # fmt: skip
GROUPED = {
    "@payment_card": ("4111 1111 1111 1111", "3782 822463 10005"),
    "@us_ssn": ("123 45 6789",),
    "@phone": ("415 555 2671", "020 7946 0958", "+1 415 555 2671", "+44 20 7946 0958"),
    "@uk_nhs": ("943 476 5919",),
    "@in_aadhaar": ("2341 2341 2346",),
    "@br_cpf": ("390 533 447 05",),
    "@iban": ("DE89 3704 0044 0532 0130 00",),
    "@date": ("2014 03 02", "02 03 2014"),
}
MARKS = ("-", ".", "_", " ", "~", "--", " - ")
MARKED = {
    "@uk_nino": "AB 12 34 56 C", "@fr_nir": "2 55 08 14 168 025 38", "@ch_ahv": "756 9217 0769 85",
    "@phone": "98765 43210",
}  # fmt: skip
NEIGHBOURS = ("{}", "{}-1", "{}.7", "{}x", "x-{}", "99_{}", "3/{}", "emma-{}", "({})", "id:{}")
WHOLE = (
    "4111111111111111", "4111-1111-1111-1111", "123-45-6789", "415-555-2671", "01632960961", "192.168.0.1",
    "DE89370400440532013000", "390.533.447-05", "2341 2341 2346", "255081416802538", "943-476-5919", "2014-03-02",
)  # fmt: skip
AMONG_LETTERS = (
    "emma01632960961", "01632960961x", "ibanDE89370400440532013000", "xDE89370400440532013000",
    "DE89370400440532013000x", "emmaAB123456C", "AB123456Cx", "v192.168.0.1", "192.168.0.1x", "id12345678Z",
    "5.6.7.192.168.0.1", "idDE89 3704 0044 0532 0130 00",
)  # fmt: skip
ADDRESSES = (
    "http://0300.0250.1/", "http://192.168.257/", "http://0xc0.0xa80101/", "http://017700000001/",
    "http://kim:pw@0300.0250.1/", "ip-192-168-0-1", "192[dot]168[dot]0[dot]1", "192 . 168 . 0 . 1",
    "192 dot 168 dot 0 dot 1", "192(.)168(.)0(.)1",
)  # fmt: skip
ENCODED = (
    "&quot;kim miller&quot;@school.example", "kim&commat;school.example", "kim&#64school.example",
    "kim@school&period;example", "kim&COMMAT;school.example", "block-v1:O+C+R+type@kim.miller+block@school.example",
    "block-v1:kim+type@school.example", "block-v1:O+kim+type@school.example",
)  # fmt: skip
HARMLESS = (
    "1, 2, 3", "512, 640, 1024", "85, 90, 100, 72, 64, 99, 31", "1,234.5", "1.234,56", "12,345,678", "1,234,567.89",
    "130,692,544", "0.4155552671", "3.14159265358979", "0.01632960961", "120.0.6099.109", "1.2.3.4.5", "4.12.1-beta.2",
    "1.0.0-beta.2+exp.sha.5114f85", "12:30:45", "00:11:22", "1:2:3:4:5:6:7:8", "1|2|3|4|5", "5,6,7,8,9,10,11,12",
    "+5,+7,+8,+9,+10,+11", "1-2-3-4-5-6-7-8", "3/4/5/6/7", "1024x768", "1920x1080@2x",
    "0b1f6c1e-0123-4567-8901-6f3f1f5a1012",
    "507f1f77bcf86cd799439011", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "course-v1:Org+CS101+2026_T1",
    "course-v1:edX+101.1+2026.09", "course-v1:Org+1234+202609", "grade-7-math-2026", "cs101_2026_T1", "2026-w12",
    "unit-2026-03", "unit-10-11-12", "lesson-01-02-03", "chapter-1.2.3.4", "section 1.2.3.4", "3-decimals-2026",
    "12-marketing-2014", "lesson-4711-part-2-of-3", "mobile-4711000", "call-1234567", "lesson-1000000-home",
    "introduction-to-the-history-of-the-roman-republic-unit-12-lesson-3-part-2", "/home/lessons/3",
    "sk-intro-to-scikit-learn-for-beginners", "urn:uuid:0b1f6c1e-6a3e-4a52-9d8e-2f6f3f1f5a10",
    "grade 12 and the rest of the students in the class", "room12 de 34", "R&amp;D", "a&b", "q&a;x",
)  # fmt: skip
STILL_FOUND = (
    "phone-5550143", "tel_5550143", "/home/emma/3", "urn:uuid:emma", "1.2.3.4", "2001:db8:0:0:1::1",
    "sk-proj-aB3dE5fG7hI9jK1lM2nO3pQ4", "10.11.12", "emma-10-11-12", "chapter-192.168.0.1",
)  # fmt: skip


def _is_found(text: str, rule: str = "") -> bool:
    found = find_personal_identifier(text)
    return found is not None if rule == "@date" or not rule else rule in TEXTS.scrub(text).rules


def _regrouped(value: str, sign: str) -> str:
    first = value[0] if value[0] == "+" else ""
    return first + value.removeprefix("+").replace(" ", sign)


@pytest.mark.parametrize(("rule", "value"), [(rule, value) for rule, values in GROUPED.items() for value in values])
def test_no_sign_between_groups_hides_a_number(rule: str, value: str) -> None:
    """One sign or several, ASCII or not."""
    assert [sign for sign in SIGNS if not _is_found(_regrouped(value, sign), rule)] == []


@pytest.mark.parametrize("sign", MARKS, ids=ascii)
@pytest.mark.parametrize("rule", MARKED)
def test_no_mark_between_groups_hides_a_code(rule: str, sign: str) -> None:
    """Codes that are as often ratios and ranges are looked for with fewer signs."""
    assert _is_found(MARKED[rule].replace(" ", sign), rule)


@pytest.mark.parametrize("value", WHOLE)
def test_no_neighbour_hides_a_whole_number(value: str) -> None:
    """Further digits and letters, on either side."""
    assert [around for around in NEIGHBOURS if not _is_found(around.format(value))] == []


@pytest.mark.parametrize("text", [*AMONG_LETTERS, *ADDRESSES, *ENCODED, *STILL_FOUND])
def test_what_hides_among_letters_notations_and_encodings_is_found(text: str) -> None:
    """In an id as in a text."""
    assert _is_found(text)


@pytest.mark.parametrize("text", HARMLESS)
def test_lists_versions_and_ids_are_left_alone(text: str) -> None:
    """By the rules of texts and by those of ids alike."""
    assert TEXTS.scrub(text).rules == ()
    assert find_personal_identifier(text) is None
