"""Boundaries: what stands right before or behind a personal value hides it from no rule."""

import pytest
from rollcall.domain.scrub.identifiers import find_personal_identifier
from rollcall.domain.scrub.text import TextScrubber

from tests.unit.scrub.test_value_rules import FOUND

TEXTS = TextScrubber()
SIGNS = " :=/,;|\\*#!?&~^$+-_.\t\n\"'`"
BEFORE = (
    "", *SIGNS, "(", "[", "{", "<", ">", "<p>", "<td>", '<a href="', "sms:", "tel:", "Fon:", "T:", "WA:", "call-",
    "/call/", "id_", "note=", '{"a":"', "&nbsp;", "%20", "é ", "7b ", "a, ", "https://x.example/?next=",
)  # fmt: skip
BEHIND = (
    "", *SIGNS, ")", "]", "}", ">", "<", "</p>", "</td>", '">x</a>', "-intro", "_x", "/b", '","b":1}', "&nbsp;",
    "%20", "?x=1", " 7b", ", a", "\u200b",
)  # fmt: skip
# Forms with signs of their own stand out beside letters as well.
AMONG_LETTERS = {
    "@phone": ("+442079460958", "+1-202-555-0143", "202-555-0143", "(202) 555-0143", "+33 6 12 34 56 78"),
    "@ipv4": ("192.168.1.20", "203.0.113.7"),
    "@us_ssn": ("123-45-6789", "123_45_6789"),
    "@br_cpf": ("390.533.447-05",),
    "@in_aadhaar": ("2341 2341 2346",),
    "@payment_card": ("4111111111111111", "4111 1111 1111 1111"),
    "@coordinates": ("52.520008,13.404954",),
    "@pem": ("-----BEGIN " + "PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG",),
}
NAMED_BY_KEY = {"@assignment"}  # a key is a whole word: `x-name` is another than `name`
SAMPLES = [(rule, sample) for rule, samples in FOUND.items() for sample in samples]
CASES = [(rule, value) for rule, values in AMONG_LETTERS.items() for value in values]
TELEPHONES = (
    "sms:+441632960961", "/call/+14155552671", "tel:+441632960961", "call-+441632960961", "Fon:+4930901820",
    "T:+441632960961", "WA:+441632960961", "lesson_+441632960961", "(+44)1632960961", "phone+442079460958",
    "intro/+44-20-7946-0958/x", "x.+49.30.901820", "callto:0049-30-901820", "tel202-555-0143", "id_202_555_0143",
    "tel:07911123456", "phone=020_7946_0958", "call/030/1234567", "0049_30_901820", "+44_20_7946_0958",
)  # fmt: skip
RARE = (
    '"kim miller"@school.example', 'mailto:"kim.miller"@school.example', "kim@[192.168.0.1]",
    '{"to": "\\"kim miller\\"@school.example"}',
)  # fmt: skip
NAMED_AFTER_ONE = (
    "asset-v1:Org+C+R+type@asset+block@kim@school.example", "kim.miller@school.example.pdf",
    "photo-kim@school.com.png", "block-v1:x type@kim@school.example",
)  # fmt: skip
HARMLESS = (
    "asset-v1:Org+Course+Run+type@asset+block@syllabus.pdf", "lesson@2x.png", "logo@3x.webp", "icon@2x",
    "block-v1:Org+Course+Run+type@video+block@abc", "course-v1:Org+CS101+2026_T1", "course-v1:edX+DemoX+Demo_Course",
    "course-v1:Org+12345678+20260901", "block-v1:MITx+6.002x+2012_Spring+type@html+block@8cf0e5d2a3",
    "asset-v1:Org+C+R+type@asset+block@intro.video.mp4", "lib-block-v1:Org+L+type@problem+block@x.y",
    "library-v1:Org+Lib", "block-v1:Org+C+R+type@html+block@example.com", "lodash@4.17.21", "MATH101-001-2026",
    "unit-3.2.1", "v1.2.3.4", "1.10.2", "a::b", "std::vector", "12:30:45", "week-12-2026", "0xff00aa", "C++11", "1+1=2",
    "lesson-0b1f6c1e-0123-4567-8901-6f3f1f5a1012", "/lessons/0b1f6c1e-0123-4567-8901-6f3f1f5a1012/x",
    "0b1f6c1e-4111-1111-1111-111111111111", "5e0a2341-2341-2346-8123-45678901234a", "1709294400", "3:4", "x_1_2_3",
)  # fmt: skip


@pytest.mark.parametrize("before", BEFORE, ids=ascii)
def test_what_stands_before_a_value_hides_nothing(before: str) -> None:
    """Every sample of every rule, behind every kind of neighbour."""
    joins = before[-1:] in ("-", "_") and before[:1].isalpha()
    samples = [sample for rule, sample in SAMPLES if not (joins and rule in NAMED_BY_KEY)]
    kept = [sample for sample in samples if TEXTS.is_clean(before + sample)]
    assert kept == []


@pytest.mark.parametrize("behind", BEHIND, ids=ascii)
def test_what_stands_behind_a_value_hides_nothing(behind: str) -> None:
    """Every sample of every rule, before every kind of neighbour."""
    kept = [sample for _, sample in SAMPLES if TEXTS.is_clean(sample + behind)]
    assert kept == []


@pytest.mark.parametrize(("before", "behind"), [(a, b) for a in ":=/_-\"'" for b in ":/_-\"'?"])
def test_a_value_within_a_token_is_found(before: str, behind: str) -> None:
    """With signs and letters on either side."""
    for rule, sample in SAMPLES:
        if rule not in NAMED_BY_KEY:
            assert not TEXTS.is_clean(f"x{before}{sample}{behind}y"), (rule, sample)


@pytest.mark.parametrize(("rule", "value"), CASES)
def test_a_form_with_signs_of_its_own_is_found_among_letters(rule: str, value: str) -> None:
    """Its separators tell it apart."""
    for text in (f"abc{value}", f"{value}abc", f"é{value}é", f"tel{value}"):
        assert rule in TEXTS.scrub(text).rules, text


@pytest.mark.parametrize("text", TELEPHONES)
def test_a_telephone_number_is_found_behind_whatever_announces_it(text: str) -> None:
    """As an id of a lesson or a link."""
    assert "@phone" in TEXTS.scrub(text).rules
    assert not TEXTS.is_clean_token(text)


@pytest.mark.parametrize("text", RARE)
def test_rare_forms_of_an_address_are_found(text: str) -> None:
    """Quoted local parts and literal domains, RFC 5321."""
    scrubbed = TEXTS.scrub(text)
    assert "@email" in scrubbed.rules
    assert "kim" not in scrubbed.value


@pytest.mark.parametrize("text", NAMED_AFTER_ONE)
def test_an_address_within_a_harmless_form_is_found(text: str) -> None:
    """A file or a usage key may be named after one."""
    assert "@email" in TEXTS.scrub(text).rules


@pytest.mark.parametrize("text", HARMLESS)
def test_a_harmless_id_is_left_alone(text: str) -> None:
    """By the rules of texts and by those of ids alike."""
    assert TEXTS.scrub(text).rules == ()
    assert TEXTS.is_clean(text)
    assert find_personal_identifier(text) is None
