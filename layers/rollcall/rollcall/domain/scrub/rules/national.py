"""National identity, social security and tax numbers, with their check digits where they have any.

Those that a bare number would too often be by chance are looked for only after a word that names them (`context`).
Sources are the issuing authorities' descriptions, as collected in the article "National identification number" and in
the OECD's list of tax identification numbers.
"""

import re
from collections.abc import Callable

from rollcall.domain.scrub.rule import Rule, Span
from rollcall.domain.scrub.rules.check_digits import (
    is_day,
    iso_7064_mod_11_10,
    luhn,
    verhoeff,
    weighted,
)
from rollcall.domain.scrub.rules.grouping import GAP, MAYBE_GAP, NO_THOUSANDS, SHAPE_GAP, SHAPE_MAYBE_GAP
from rollcall.domain.scrub.rules.surroundings import is_in_digest, is_in_uuid

NOT_ALPHANUMERIC = re.compile(r"[^0-9A-Za-z]")
ID_WORDS = (
    "ssn", "social security", "national id", "id number", "tax id", "tax number", "tin", "passport", "identity number",
    "personal number",
)  # fmt: skip
ALWAYS = r"(?<![0-9A-Za-z])(?:{})(?![0-9A-Za-z]|[-.][0-9])"
AMONG_LETTERS = r"(?<![0-9])(?:{})(?![0-9])"  # for numbers that separators or a check digit identify
# For codes: beside letters of the other case as well, as in idAB123456Cx.
AMONG_WORDS = (
    r"(?:(?<![0-9A-Za-z])|(?-i:(?<=[a-z])(?=[A-Z])|(?<=[0-9])(?=[A-Za-z])|(?<=[A-Za-z])(?=[0-9])))(?:{})"
    r"(?![0-9])(?:(?![A-Za-z])|(?-i:(?<=[A-Z])(?=[a-z])|(?<=[0-9])))"
)
NAMED_BEFORE = r"(?<![0-9])(?:{})(?![0-9A-Za-z]|[-.][0-9])"  # the word that names it may stand right before it


def _rule(
    name: str,
    pattern: str,
    check: Callable[[str], bool] | None = None,
    context: tuple[str, ...] = (),
    shape: str = "",
    *,
    around: str = "",
) -> Rule:
    """Return a rule whose check is asked about the candidate's digits and letters, in capitals."""

    def confirm(match: re.Match[str]) -> Span | None:
        is_one = check is None or check(NOT_ALPHANUMERIC.sub("", match[0]).upper())
        return match.span() if is_one and not is_in_uuid(match) and not is_in_digest(match) else None

    words = (*context, *ID_WORDS) if context else ()
    around = around or (NAMED_BEFORE if context else ALWAYS)
    return Rule(name, around.format(pattern), confirm, words, (), re.IGNORECASE, f"(?<!0)(?:{shape})(?!0)")


def _nino(text: str) -> bool:
    return text[:2] not in {"BG", "GB", "NK", "KN", "TN", "NT", "ZZ"}


def _nhs(digits: str) -> bool:
    return (11 - weighted(digits[:9], range(10, 1, -1)) % 11) % 11 == int(digits[9])


def _eleven_test(digits: str) -> bool:
    return int(digits) > 0 and (weighted(digits, range(9, 1, -1)) - int(digits[8])) % 11 == 0


DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"


def _dni(text: str) -> bool:
    return DNI_LETTERS[int(text[:8]) % 23] == text[8]


def _nie(text: str) -> bool:
    return DNI_LETTERS[int(str("XYZ".index(text[0])) + text[1:8]) % 23] == text[8]


def _nir(text: str) -> bool:
    number = int(text[:13].replace("2A", "19").replace("2B", "18"))
    return 97 - number % 97 == int(text[13:])


ODD_VALUES = dict(
    zip("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16,
         10, 22, 25, 24, 23), strict=True)
)  # fmt: skip


def _codice_fiscale(text: str) -> bool:
    odd = sum(ODD_VALUES[character] for character in text[:15:2])
    even = sum(int(character, 36) - (0 if character.isdigit() else 10) for character in text[1:15:2])
    return chr(ord("A") + (odd + even) % 26) == text[15]


def _pesel(digits: str) -> bool:
    is_date = is_day((int(digits[2:4]) - 1) % 20 + 1, digits[4:6])
    return is_date and weighted(digits, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)) % 10 == 0


def _personnummer(digits: str) -> bool:
    short = digits[-10:]
    day = int(short[4:6])
    return is_day(short[2:4], day - 60 if day > 60 else day) and luhn(short)  # noqa: PLR2004


def _hetu(text: str) -> bool:
    number = int(text[:6] + text[-4:-1])
    return is_day(text[2:4], text[:2]) and "0123456789ABCDEFHJKLMNPRSTUVWXY"[number % 31] == text[-1]


def _cpr(digits: str) -> bool:
    return is_day(digits[2:4], digits[:2])


def _fodselsnummer(digits: str) -> bool:
    day, month = int(digits[:2]) % 40, int(digits[2:4]) % 40
    first = weighted(digits, (3, 7, 6, 1, 8, 9, 4, 5, 2, 1)) % 11
    second = weighted(digits, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)) % 11
    return is_day(month, day) and first == 0 and second == 0


def _steuer_id(digits: str) -> bool:
    """Among the first ten digits one or two repeat, none more than three times."""
    counts = sorted(map(digits[:10].count, set(digits[:10])), reverse=True)
    return digits[0] != "0" and counts[0] in {2, 3} and len(counts) in {8, 9} and iso_7064_mod_11_10(digits)


def _rijksregister(digits: str) -> bool:
    if not is_day(max(1, int(digits[2:4]) % 20), max(1, int(digits[4:6]))):
        return False
    number, check = digits[:9], int(digits[9:])
    return check in {97 - int(number) % 97, 97 - int("2" + number) % 97}


def _nif_pt(digits: str) -> bool:
    check = 11 - weighted(digits[:8], range(9, 1, -1)) % 11
    return (0 if check > 9 else check) == int(digits[8])  # noqa: PLR2004


def _ahv(digits: str) -> bool:
    return weighted(digits, (1, 3) * 6 + (1,)) % 10 == 0


def _pps(text: str) -> bool:
    second = ord(text[8]) - ord("@") if len(text) > 8 and text[8] != "W" else 0  # noqa: PLR2004
    return "WABCDEFGHIJKLMNOPQRSTUV"[(weighted(text[:7], range(8, 1, -1)) + 9 * second) % 23] == text[7]


def _svnr(digits: str) -> bool:
    return weighted(digits, (3, 7, 9, 0, 5, 8, 4, 2, 1, 6)) % 11 == int(digits[3])


def _rodne_cislo(digits: str) -> bool:
    """Women's months have 50 added, overflowing days of either 20; nine digits, before 1954, have no check digit."""
    month = int(digits[2:4]) % 50
    check = int(digits[:9]) % 11 % 10
    is_date = is_day(month - 20 if month > 20 else month, digits[4:6])  # noqa: PLR2004
    return is_date and (len(digits) == 9 or check == int(digits[9]))  # noqa: PLR2004


def _cnp(digits: str) -> bool:
    check = weighted(digits, (2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9)) % 11
    return is_day(digits[3:5], digits[5:7]) and (1 if check == 10 else check) == int(digits[12])  # noqa: PLR2004


def _cpf(digits: str) -> bool:
    first = weighted(digits[:9], range(10, 1, -1)) * 10 % 11 % 10
    second = weighted(digits[:10], range(11, 1, -1)) * 10 % 11 % 10
    return len(set(digits)) > 1 and digits[9:] == f"{first}{second}"


def _resident_id(text: str) -> bool:
    check = weighted(text[:17], (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)) % 11
    return is_day(text[10:12], text[12:14]) and "10X98765432"[check] == text[17]


def _tfn(digits: str) -> bool:
    return weighted(digits, (1, 4, 3, 7, 5, 8, 6, 9, 10)) % 11 == 0


def _za_id(digits: str) -> bool:
    return is_day(digits[2:4], digits[4:6]) and luhn(digits)


def _rrn(digits: str) -> bool:
    return is_day(digits[2:4], digits[4:6])


TW_LETTERS = "ABCDEFGHJKLMNPQRSTUVXYWZIO"


def _taiwan_id(text: str) -> bool:
    letter = TW_LETTERS.index(text[0]) + 10
    return (letter // 10 + letter % 10 * 9 + weighted(text[1:], (8, 7, 6, 5, 4, 3, 2, 1, 1))) % 10 == 0


def _nric(text: str) -> bool:
    total = weighted(text[1:8], (2, 7, 6, 5, 4, 3, 2)) + {"T": 4, "G": 4, "M": 3}.get(text[0], 0)
    letters = {"S": "JZIHGFEDCBA", "T": "JZIHGFEDCBA", "F": "XWUTRQPNMLK", "G": "XWUTRQPNMLK", "M": "XWUTRQPNJLK"}
    place = 10 - total % 11 if text[0] == "M" else total % 11
    return letters[text[0]][place] == text[8]


def _curp(text: str) -> bool:
    alphabet = "0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ"
    total = sum(alphabet.index(character) * (18 - place) for place, character in enumerate(text[:17]))
    return is_day(text[6:8], text[8:10]) and str((10 - total % 10) % 10) == text[17]


def _kimlik(digits: str) -> bool:
    tenth = (7 * sum(map(int, digits[:9:2])) - sum(map(int, digits[1:8:2]))) % 10
    return tenth == int(digits[9]) and sum(map(int, digits[:10])) % 10 == int(digits[10])


def _isikukood(digits: str) -> bool:
    check = weighted(digits, (1, 2, 3, 4, 5, 6, 7, 8, 9, 1)) % 11
    if check == 10:  # noqa: PLR2004
        check = weighted(digits, (3, 4, 5, 6, 7, 8, 9, 1, 2, 3)) % 11 % 10
    return is_day(digits[3:5], digits[5:7]) and check == int(digits[10])


DATE6 = r"[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
FR_NIR = _rule(
    "@fr_nir",
    rf"[1-478](?:{MAYBE_GAP}[0-9]){{2}}{MAYBE_GAP}(?:0[1-9]|1[0-2]|[2-9][0-9]){MAYBE_GAP}(?:[0-9]{{2}}|2[AB])"
    rf"(?:{MAYBE_GAP}[0-9]{{3}}){{2}}{MAYBE_GAP}[0-9]{{2}}",
    _nir,
    shape=rf"0(?:{SHAPE_MAYBE_GAP}0){{14}}",
    around=AMONG_LETTERS,
)
UK_NINO = _rule(
    "@uk_nino",
    rf"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z](?:{MAYBE_GAP}[0-9]{{2}}){{3}}{MAYBE_GAP}[A-D]",
    _nino,
    around=AMONG_WORDS,
)
FI_HETU = _rule(
    "@fi_hetu",
    r"(?:0[1-9]|[12][0-9]|3[01])(?:0[1-9]|1[0-2])[0-9]{2}[-+A-FU-Y][0-9]{3}[0-9A-FHJ-NPR-Y]",
    _hetu,
    shape=r"000000[-+a]000[0a]?",
)
# Written so that a text can hold them without a word that names them: first those with separators in them.
SEPARATED = (
    _rule("@us_ssn", rf"(?!000|666)[0-9]{{3}}({GAP})(?!00)[0-9]{{2}}\1(?!0000)[0-9]{{4}}",
          shape=rf"000{SHAPE_GAP}00{SHAPE_GAP}0000", around=AMONG_LETTERS),
    _rule("@uk_nhs", rf"[0-9]{{3}}({GAP})[0-9]{{3}}\1[0-9]{{4}}", _nhs, shape=rf"000{SHAPE_GAP}000{SHAPE_GAP}0000",
          around=AMONG_LETTERS),
    _rule("@se_personnummer", r"(?:19|20)?" + DATE6.replace("[12][0-9]|3[01]", "[12][0-9]|3[01]|[6-8][0-9]|9[01]")
          + r"[-+_]{1,3}+[0-9]{4}", _personnummer, shape=r"(?:00)?000000[-+_]{1,3}0000", around=AMONG_LETTERS),
    _rule("@dk_cpr", r"(?:0[1-9]|[12][0-9]|3[01])(?:0[1-9]|1[0-2])[0-9]{2}[-_]{1,3}+[0-9]{4}", _cpr,
          shape=r"000000[-_]{1,3}0000"),
    _rule("@br_cpf", rf"[0-9]{{3}}{GAP}[0-9]{{3}}{GAP}[0-9]{{3}}{GAP}[0-9]{{2}}", _cpf,
          shape=rf"000{SHAPE_GAP}000{SHAPE_GAP}000{SHAPE_GAP}00", around=AMONG_LETTERS),
    _rule("@in_aadhaar", rf"[2-9][0-9]{{3}}({GAP})[0-9]{{4}}\1[0-9]{{4}}", verhoeff,
          shape=rf"0000{SHAPE_GAP}0000{SHAPE_GAP}0000", around=AMONG_LETTERS),
    _rule("@ca_sin", rf"[1-9][0-9]{{2}}({NO_THOUSANDS})[0-9]{{3}}\1[0-9]{{3}}", luhn,
          shape=rf"000{SHAPE_GAP}000{SHAPE_GAP}000"),
    _rule("@kr_rrn", DATE6 + r"[-_]{1,3}+[1-8][0-9]{6}", _rrn, shape=r"000000[-_]{1,3}0000000"),
    _rule("@cz_rodne_cislo", r"[0-9]{2}[0-8][0-9][0-3][0-9]/{1,2}+[0-9]{3,4}", _rodne_cislo,
          shape=r"000000/{1,2}0000?"),
    _rule("@de_steuer_id", rf"[1-9][0-9]({GAP})[0-9]{{3}}\1[0-9]{{3}}\1[0-9]{{3}}", _steuer_id,
          shape=rf"00{SHAPE_GAP}000{SHAPE_GAP}000{SHAPE_GAP}000"),
)  # fmt: skip
NUMBERS = (
    FR_NIR,
    _rule("@no_fodselsnummer", r"[0-7][0-9](?:[04][1-9]|[15][0-2])[0-9]{2} ?[0-9]{5}", _fodselsnummer,
          shape=r"0{6} ?0{5}"),
    _rule("@be_rijksregister", r"[0-9]{2}\.?[0-9]{2}\.?[0-9]{2}[- ]?[0-9]{3}[. -]?[0-9]{2}", _rijksregister,
          shape=r"00\.?00\.?00[- ]?000[. -]?00"),
    _rule("@ch_ahv", rf"756({MAYBE_GAP})[0-9]{{4}}\1[0-9]{{4}}\1[0-9]{{2}}", _ahv,
          shape=rf"000{SHAPE_MAYBE_GAP}0000{SHAPE_MAYBE_GAP}0000{SHAPE_MAYBE_GAP}00", around=AMONG_LETTERS),
    _rule("@cn_resident_id", r"[1-9][0-9]{5}(?:19|20)" + DATE6 + r"[0-9]{3}[0-9X]", _resident_id,
          shape=r"0{17}0?"),
    _rule("@za_id", DATE6 + r"[0-9]{4}[01][89][0-9]", _za_id, shape=r"0{13}"),
)  # fmt: skip
# Digits with a letter before or behind them.
LETTER_BEHIND = (
    _rule("@es_dni", r"(?<![0-9][.,])[0-9]{8}[ -]?[A-HJ-NP-TV-Z]", _dni, shape=r"0{8}$", around=AMONG_WORDS),
    _rule("@es_nie", r"[XYZ][ -]?[0-9]{7}[ -]?[A-HJ-NP-TV-Z]", _nie, shape=r"0{7}$", around=AMONG_WORDS),
    FI_HETU,
)  # fmt: skip
LETTERED = (
    FI_HETU,
    _rule("@it_codice_fiscale", r"[A-Z]{6}[0-9LMNP-V]{2}[A-EHLMPRST][0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{3}[A-Z]",
          _codice_fiscale, shape="aaaa0[0a]{0,40}(?<=a)$"),
    _rule("@ie_pps", r"[0-9]{7}[A-W][A-IW]?", _pps, shape=r"0{7}a"),
    _rule("@in_pan", r"[A-Z]{3}[ABCFGHJLPT][A-Z][0-9]{4}[A-Z]", None, shape=r"aaaa0000a"),
    _rule("@tw_id", r"[A-Z][1289][0-9]{8}", _taiwan_id, shape=r"a0{9}"),
    _rule("@sg_nric", r"[STFGM][0-9]{7}[A-Z]", _nric, shape=r"a0{7}a"),
    _rule("@mx_curp", r"[A-Z]{4}" + DATE6 + r"[HMX][A-Z]{5}[0-9A-Z][0-9]", _curp, shape=r"aaaa0{6}a"),
)  # fmt: skip
# Bare numbers that only a word before them identifies.
NAMED = (
    _rule("@us_ssn", r"(?!000|666)[0-9]{3}(?!00)[0-9]{2}(?!0000)[0-9]{4}", None, ("ssn",), shape=r"0{9}"),
    _rule("@nl_bsn", r"[0-9]{9}|[0-9]{4}\.[0-9]{2}\.[0-9]{3}", _eleven_test, ("bsn", "burgerservicenummer",
    "sofinummer"), shape=r"000000000|0000\.00\.000"),
    _rule("@pl_pesel", r"[0-9]{11}", _pesel, ("pesel",), shape=r"0{11}"),
    _rule("@de_steuer_id", r"[1-9][0-9]{10}", _steuer_id, ("steuer-id", "steuerid", "idnr",
    "steueridentifikationsnummer"), shape=r"0{11}"),
    _rule("@pt_nif", r"[1-9][0-9]{8}|[1-9][0-9]{2}(?: [0-9]{3}){2}", _nif_pt, ("nif", "contribuinte"),
          shape=r"000000000|000 000 000"),
    _rule("@at_svnr", r"[1-9][0-9]{3} ?[0-9]{6}", _svnr, ("svnr", "sozialversicherungsnummer", "sv-nummer"),
          shape=r"0000 ?000000"),
    _rule("@br_cpf", r"[0-9]{11}", _cpf, ("cpf",), shape=r"0{11}"),
    _rule("@in_aadhaar", r"[2-9][0-9]{11}", verhoeff, ("aadhaar", "aadhar", "uidai"), shape=r"0{12}"),
    _rule("@ca_sin", r"[1-9][0-9]{8}", luhn, ("sin", "social insurance"), shape=r"0{9}"),
    _rule("@au_tfn", r"[0-9]{3}([ -]?)[0-9]{3}\1[0-9]{3}", _tfn, ("tfn", "tax file"), shape=r"000[ -]?000[ -]?000"),
    _rule("@tr_kimlik", r"[1-9][0-9]{10}", _kimlik, ("kimlik", "tckn", "t\\.c\\."), shape=r"0{11}"),
    _rule("@ee_isikukood", r"[1-6]" + DATE6 + r"[0-9]{4}", _isikukood, ("isikukood", "asmens kodas"), shape=r"0{11}"),
    _rule("@ro_cnp", r"[1-8]" + DATE6 + r"(?:0[1-9]|[1-4][0-9]|5[12]|70)[0-9]{4}", _cnp, ("cnp", "cod numeric"),
          shape=r"0{13}"),
    _rule("@hr_oib", r"[0-9]{11}", iso_7064_mod_11_10, ("oib",), shape=r"0{11}"),
    _rule("@il_id", r"[0-9]{9}", luhn, ("teudat zehut", "mispar zehut"), shape=r"0{9}"),
    _rule("@uk_nhs", r"[0-9]{10}", _nhs, ("nhs",), shape=r"0{10}"),
    _rule("@se_personnummer", r"(?:19|20)?[0-9]{10}", _personnummer, ("personnummer",), shape=r"(?:00)?0{10}"),
    _rule("@imei", r"[0-9]{15}|[0-9]{2}-[0-9]{6}-[0-9]{6}-[0-9]", luhn, ("imei",), shape=r"0{15}|00-000000-000000-0"),
)  # fmt: skip
