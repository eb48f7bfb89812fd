"""Check digits: the arithmetic that recognises numbers of a kind. Arguments are strings of ASCII digits."""

from collections.abc import Sequence

DOUBLED = bytes.maketrans(b"0123456789", b"0246813579")
ZERO = ord("0")
LETTER_VALUES = {ord(letter): str(value) for value, letter in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 10)}

# Dihedral group D5: J. Verhoeff, Error Detecting Decimal Codes, 1969.
VERHOEFF_PRODUCT = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip
VERHOEFF_PERMUTATION = (
    "0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415", "7046913258",
)  # fmt: skip


def luhn(digits: str) -> bool:
    """Return whether the last digit is right by ISO/IEC 7812-1, Annex B."""
    number = digits.encode()[::-1]
    return (sum(number[::2]) + sum(number[1::2].translate(DOUBLED)) - ZERO * len(number)) % 10 == 0


def verhoeff(digits: str) -> bool:
    """Return whether the last digit is right by Verhoeff's scheme."""
    state = 0
    for index, digit in enumerate(reversed(digits)):
        state = int(VERHOEFF_PRODUCT[state][int(VERHOEFF_PERMUTATION[index % 8][int(digit)])])
    return state == 0


def weighted(digits: str, weights: Sequence[int]) -> int:
    """Return the sum of the digits, each times its weight."""
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))


def iso_7064_mod_11_10(digits: str) -> bool:
    """Return whether the last digit is right by ISO/IEC 7064, MOD 11,10 (German tax id, Croatian OIB)."""
    product = 10
    for digit in digits[:-1]:
        total = (int(digit) + product) % 10 or 10
        product = 2 * total % 11
    return (11 - product) % 10 == int(digits[-1])


def mod_97(text: str) -> int:
    """Return the remainder of ISO/IEC 7064, MOD 97-10, of digits and capital letters (A is 10)."""
    return int(text.translate(LETTER_VALUES)) % 97


DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def is_day(month: str | int, day: str | int) -> bool:
    """Return whether such a day exists in some year."""
    return 1 <= int(month) <= 12 and 1 <= int(day) <= DAYS[int(month) - 1]  # noqa: PLR2004
