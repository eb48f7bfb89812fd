"""Groupings: a number is found whatever signs stand between its groups, and however an address is counted."""

import pytest
from rollcall.domain.scrub.text import TextScrubber

TEXTS = TextScrubber()
GROUPED = {
    ("@payment_card", "4111 1111 1111 1111"): " -._/:+*~",
    ("@payment_card", "3782 822463 10005"): " -._/:+",
    ("@us_ssn", "536 22 1234"): " -._/:+",
    ("@iban", "GB82 WEST 1234 5698 7654 32"): " -._/:+",
    ("@iban", "DE89 3704 0044 0532 0130 00"): " -._/:+",
    ("@phone", "202 555 0143"): " -._/:+",
    ("@phone", "020 7946 0958"): " -._/:+",
    ("@phone", "06 12 34 56 78"): " -._/:+",
    ("@phone", "+44 20 7946 0958"): " -._/",
    ("@phone", "0049 30 901820"): " -._/",
    ("@in_aadhaar", "2341 2341 2346"): " -._/:+",
    ("@uk_nhs", "943 476 5919"): " -._/:+",
    ("@uk_nino", "AB 12 34 56 C"): " -._",
    ("@fr_nir", "2 55 08 14 168 025 38"): " -._",
    ("@ch_ahv", "756 9217 0769 85"): " -._",
    ("@de_steuer_id", "86 095 742 719"): " -._",
    ("@ca_sin", "130 692 544"): " -_",
    ("@mac", "00 1B 44 11 3A B7"): ":-_",
}
ADDRESSES = (
    "0300.0250.0001.0024", "0300.0250.01.024", "0xC0.0xA8.0x01.0x14", "0xc0.0xa8.1.20", "0xC0A80114", "0XC0A80114",
    "3232235796", "ip=2130706433", "http://2130706433/", "host: 134744072", "0300.168.1.20", "192[.]168[.]1[.]20",
)  # fmt: skip
NOT_ADDRESSES = (
    "1.2.3", "v1.2.3.4", "300.1.2.3", "1.2.3.4.5", "0xFF00AA", "0x00000001", "2130706433", "134744072",
    "1709294400", "0900.1.2.999", "4.12.1", "1234567890", "app1.2.3.4", "0xC0A80114FF",
)  # fmt: skip
NATIONAL = (
    "call 781 1704", "call 78 651 450", "answering at 9493 7477", "99 668472 office", "416 60 039 office",
    "71-33-52-22-Fax", "21 253 109 8211-Office", "tel 374 780 163", "mobile: 25-62-29-72", "3660170548 fax",
    "fon 33933133",
)  # fmt: skip
NOT_NATIONAL = (
    "01:00:00-0000", "09:30:15.123456", "2026-03-02T09:30:00-0500", "06:30:00+02:00", "1 234 567",
    "page 374 780 163", "12-34-56", "781 1704", "99 668472", "200 300 400 officers", "call 12", "10-20-30",
    "order 781 1704", "call on 12.03.2024", "rings 1-2-3-4-5-6-7",
)  # fmt: skip


@pytest.mark.parametrize(("rule", "value", "sign"), [(*key, sign) for key, signs in GROUPED.items() for sign in signs])
def test_a_number_is_found_whatever_groups_it(rule: str, value: str, sign: str) -> None:
    """Alone, within a token and within a sentence."""
    grouped = value.replace(" ", sign)
    for text in (grouped, f"id:{grouped}", f"x-{grouped}", f"it is {grouped}, he said"):
        assert rule in TEXTS.scrub(text).rules, text


@pytest.mark.parametrize("text", ADDRESSES)
def test_an_address_is_found_in_every_base(text: str) -> None:
    """Octal, hexadecimal, or as one number: browsers read them all."""
    assert "@ipv4" in TEXTS.scrub(text).rules


@pytest.mark.parametrize("text", NOT_ADDRESSES)
def test_versions_and_bare_numbers_are_no_addresses(text: str) -> None:
    """One number is an address only as a host, or within a private network."""
    assert "@ipv4" not in TEXTS.scrub(text).rules


@pytest.mark.parametrize("text", NATIONAL)
def test_a_short_national_number_is_found_where_a_word_names_it(text: str) -> None:
    """Before it or right behind it."""
    assert "@phone" in TEXTS.scrub(text).rules


@pytest.mark.parametrize("text", NOT_NATIONAL)
def test_numbers_that_no_word_names_are_no_telephones(text: str) -> None:
    """Nor dates, ranges and thousands."""
    assert TEXTS.scrub(text).rules == ()
