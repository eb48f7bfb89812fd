"""Versions of software: numbers, labels of releases, builds and commits, distinguished from similar texts."""

import re
from functools import lru_cache
from itertools import pairwise

# Any other word could be a person's name. A commit has a digit, or a g before it, so it is not a word.
RELEASE = (
    "alpha|beta|build|canary|debug|dev|esr|final|ga|hotfix|insiders?|latest|lts|next|nightly|p|patch|post|pre|preview|prod"
    "|production|r|rc|release|rev|snapshot|sp|stable|staging|test"
)
# Words in the metadata of a build: 1.0.0+exp.sha.5114f85.
BUILT = rf"{RELEASE}|b|ci|commit|dirty|exp|git|local|sha"
COMMIT = r"(?:(?=[a-f]{0,11}[0-9])(?=[0-9]{0,11}[a-f])g?|g)[0-9a-f]{7,12}+(?![0-9a-z])"
NUMBERED = r"(?:[-._]?[0-9]{1,6}+(?:\.[0-9]{1,4}+)?+)?+"
VERSION = re.compile(
    rf"(?:npm:)?+(?:(?:{RELEASE}|version|ver)[-_. ])?+[vV]?(?P<core>[0-9]{{1,5}}+(?:\.[0-9]{{1,5}}+){{0,4}}+)"
    rf"(?P<tail>(?:[-+._]{COMMIT}|-[0-9]{{1,2}}+(?![0-9])|-[0-9]{{1,4}}+(?=-g[0-9a-f]{{7}})"
    rf"|\+[0-9]{{1,5}}+(?![0-9])|[-+._]?(?>(?:{RELEASE})(?![a-z])){NUMBERED}){{0,4}}+"
    rf"(?:\+(?:(?:{COMMIT}|[0-9]{{1,6}}+(?![0-9])|(?>(?:{BUILT})(?![a-z])))[.-]?){{1,6}}+(?<![.-]))?+"
    r"(?: ?\((?:build )?[0-9]{1,6}\))?+)",
    re.IGNORECASE,
)
COMMITS = re.compile(rf"(?<![0-9a-z]){COMMIT}", re.IGNORECASE)
TAIL_DIGITS_MAX = 6
BARE = re.compile(r"(?:[-+][0-9]{1,6}+)*+")
THREE_NUMBERS = re.compile(r"[0-9][-+._][0-9]{1,6}+[-+._][0-9]")
DIGITS_MAX, SMALL_GROUPS_MAX, GROUP_MAX, BUILD_MIN, SMALL = 6, 7, 5, 3, 2
CALENDAR = re.compile(r"20[2-3][0-9]")  # 2024.1.12345
NUMBERS = re.compile(r"[0-9]+")
# Learners were born before. A later year belongs to a calendar version, such as 2024.3.1.
BORN_FIRST, BORN_LAST, CENTURY_LAST = 1900, 2020, 2099
MONTHS, DAYS = 12, 31
FULL_DATE = re.compile(
    r"(?<![0-9])(?:[0-9]{4}[._-](?:0[1-9]|1[0-2])[._-](?:0[1-9]|[12][0-9]|3[01])"
    r"|(?:0?[1-9]|[12][0-9]|3[01])[._-](?:0?[1-9]|[12][0-9]|3[01])[._-](?:19|20)[0-9]{2})(?![0-9])"
)
BYTES, BYTE_MAX = 4, 255
CHARACTERS_MAX = 256


def is_version(text: str) -> bool:
    """Return whether a text is a version, and not a date, a telephone number or an address."""
    return len(text) <= CHARACTERS_MAX and _is_short_version(text)


# Every event of an application repeats the same few.
@lru_cache(maxsize=1024)
def _is_short_version(text: str) -> bool:
    match = VERSION.fullmatch(text)
    if match is None or FULL_DATE.search(text) or _holds_birth_date(text):
        return False
    groups = match["core"].split(".")
    tail = COMMITS.sub("", match["tail"])
    if sum(map(str.isdigit, tail)) > TAIL_DIGITS_MAX or (len(groups) == 1 and _is_numbered_alone(tail)):
        return False
    if THREE_NUMBERS.search(tail) or any(map(_is_six_digit_date, NUMBERS.findall(tail))):
        return False
    # A number behind a sign alone is one more group: 415.555+2671.
    behind = NUMBERS.findall(BARE.match(tail)[0])  # type: ignore[index]
    if len(groups) + len(behind) == 3 and behind and _is_day_of_short_year([*groups, *behind]):  # noqa: PLR2004
        return False
    return _are_numbers_of_version([*groups, *behind]) and not _is_address_of_host(groups)


def _is_numbered_alone(tail: str) -> bool:
    """Return whether only a sign stands between a version's only number and another: 5551-2345, 415 (555267)."""
    return re.match(r"[-+ (][0-9(]", tail) is not None


def _are_numbers_of_version(groups: list[str]) -> bool:
    """Return whether the groups of digits are too few or too small for a person's number."""
    if max(map(len, groups)) > GROUP_MAX or any(len(group) > SMALL and group[0] == "0" for group in groups):
        return False
    if _is_short_date(groups):
        return False
    if len(groups) == 1 or "0" in groups[1:]:
        return True  # 120.0.6099.109
    if CALENDAR.fullmatch(groups[0]) and len(groups[1]) <= SMALL:
        return len(groups) <= 3  # noqa: PLR2004 - year, month, build
    *before, build = groups
    if max(map(len, before)) <= SMALL and len(build) >= BUILD_MIN and not _is_address(groups):
        return True  # 2.14.12345
    digits = sum(map(len, groups))
    return digits <= (SMALL_GROUPS_MAX if max(map(len, groups)) <= SMALL else DIGITS_MAX)


def _is_short_date(groups: list[str]) -> bool:
    """Return whether three short groups are a day in a form that versions do not have: a leading zero, 14.03.02."""
    return len(groups) == 3 and any(group[0] == "0" for group in groups) and _is_day_of_short_year(groups)  # noqa: PLR2004


def _is_day_of_short_year(groups: list[str]) -> bool:
    """Return whether three groups can be a day, a month and the last digits of a year, in any order."""
    if max(map(len, groups)) > SMALL or len(groups[1]) < SMALL or len(groups[2]) < SMALL:
        return False
    first, second, third = map(int, groups)
    return 1 <= second <= DAYS and (1 <= first <= DAYS or 1 <= third <= DAYS)


def _is_six_digit_date(digits: str) -> bool:
    """Return whether six digits can be a day, with the year first or last."""
    parts = digits[:2], digits[2:4], digits[4:]
    return len(digits) == 6 and (_are_day_and_month(*parts[:2]) or _are_day_and_month(*parts[1:]))  # noqa: PLR2004


def _holds_birth_date(text: str) -> bool:
    """Return whether three numbers in a row, or two, are a day in a year in which a learner was born."""
    numbers = NUMBERS.findall(text)
    for first, second, third in zip(numbers, numbers[1:], numbers[2:], strict=False):
        if _is_year(first, BORN_LAST) and _are_day_and_month(second, third):
            return True
        if _is_year(third, CENTURY_LAST) and _are_day_and_month(first, second):
            return True
    for first, second in pairwise(numbers):
        for year, day in ((first, second), (second, first)):
            if _is_year(year, BORN_LAST) and len(day) == 4 and _are_day_and_month(day[:2], day[2:]):  # noqa: PLR2004
                return True
    return False


def _is_year(digits: str, last: int) -> bool:
    return len(digits) == len("2014") and BORN_FIRST <= int(digits) <= last


def _are_day_and_month(one: str, other: str) -> bool:
    low, high = sorted((int(one), int(other)))
    return max(len(one), len(other)) <= SMALL and 1 <= low <= MONTHS and 1 <= high <= DAYS


def _is_address(groups: list[str]) -> bool:
    return len(groups) == BYTES and all(int(group) <= BYTE_MAX for group in groups)


def _is_address_of_host(groups: list[str]) -> bool:
    """Return whether four numbers can be an IP address. 124.0.0.0, from browsers that hide their build, is not one."""
    return _is_address(groups) and any(int(group) for group in groups[1:])
