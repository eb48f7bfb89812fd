"""Value rules: for each, what it finds and what it leaves alone."""

import re

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from rollcall.domain.scrub.rule import Rule
from rollcall.domain.scrub.rules.families import FAMILIES, PLAIN, RULE_IDS
from rollcall.domain.scrub.rules.national import UK_NINO
from rollcall.domain.scrub.rules.text_profile import TextProfile
from rollcall.domain.scrub.text import TextScrubber

TEXTS = TextScrubber()
UUID_SHAPE = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
JWT = ".".join(("eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiJqYW5lIn0", "c2lnbmF0dXJlLW9mLWl0"))
PEM = "-----BEGIN " + "PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG\n-----END " + "PRIVATE KEY-----"

# Samples of keys are put together here, so that no scanner of secrets takes them for some.
FOUND = {
    "@email": (
        "jane@example.org", "jane.doe+maths@sub.example.co.uk", "JANE@EXAMPLE.ORG", "mail:jane@example.org.",
        "<jane@example.org>", "jané@exämple.de", "o'brien@example.ie", "用户@例子.中国", "jane%40example.org",
        "jane%2540example.org", "jane&#64;example.org", "jane\\u0040example.org", "jane [at] example [dot] org",
        "jane (at) example.org", "jane at example dot com", "jane @ example . org", "jane＠example．org",
        "ja\u200bne@exam\u200dple.org", "jane@example。org", "j@x.io", "_jane_@example.museum",
        "https://example.org/?to=jane%40example.org", "jane@xn--exmple-cua.de", "jane{at}example{dot}org",
    ),
    "@phone": (
        "+44 20 7946 0958", "+442079460958", "+1-202-555-0143", "+1 (202) 555-0143", "(202) 555-0143", "202-555-0143",
        "202.555.0143", "202 555 0143", "1-202-555-0143", "001-202-555-0143x123", "0049 30 901820", "+49 (0)30 901820",
        "020 7946 0958", "07911 123456", "07911123456", "06 12 34 56 78", "06.12.34.56.78", "030/901820-12",
        "+91 98765 43210", "98765 43210", "+55 (11) 91234-5678", "+86 138 0013 8000", "+972-50-123-4567",
        "call me on 2025550143", "phone: 555 0143 22", "+４４ ２０ ７９４６ ０９５８", "tel. 5550143",
        "+61 2 5550 1234", "+33 6 12 34 56 78",
    ),
    "@ipv4": ("192.168.1.20", "from 203.0.113.7:8080", "[10.0.0.1]", "8.8.8.8,", "1[.]2[.]3[.]4", "１９２.168.0.1"),
    "@ipv6": (
        "2001:db8::1", "::1", "fe80::1ff:fe23:4567:890a%eth0", "2001:0db8:85a3:0000:0000:8a2e:0370:7334",
        "::ffff:192.0.2.128", "[2001:db8::7]:443", "2001:db8:0:0:1::1", "64:ff9b::192.0.2.33", "at 2001:DB8::A.",
    ),
    "@mac": ("00:1B:44:11:3A:B7", "00-1b-44-11-3a-b7", "001b.4411.3ab7"),
    "@payment_card": (
        "4111 1111 1111 1111", "4111111111111111", "4111-1111-1111-1111", "5555555555554444", "2223003122003222",
        "378282246310005", "3782 822463 10005", "30569309025904", "3530111333300000", "6011 1111 1111 1117",
        "6200000000000005", "card4111111111111111", "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", "4111.1111.1111.1111",
        "５５５５５５５５５５５５４４４４", "4222222222222", "6759649826438453", "3566002020360505",
    ),
    "@iban": (
        "GB82 WEST 1234 5698 7654 32", "DE89370400440532013000", "fr1420041010050500013m02606", "NO9386011117947",
        "NL91-ABNA-0417-1643-00", "MT84MALT011000012345MTLCAST001S",
    ),
    "@us_ssn": ("123-45-6789", "123 45 6789", "ssn 123456789", "social security: 123456789"),
    "@uk_nino": ("AB123456C", "AB 12 34 56 C", "jg123456a"),
    "@uk_nhs": ("943-476-5919", "NHS number 9434765919"),
    "@es_dni": ("12345678Z", "12345678-z"),
    "@es_nie": ("X1234567L", "x-1234567-l"),
    "@fr_nir": ("255081416802538", "2 55 08 14 168 025 38"),
    "@it_codice_fiscale": ("RSSMRA85T10A562S", "rssmra85t10a562s"),
    "@se_personnummer": ("811218-9876", "19811218-9876"),
    "@dk_cpr": ("211062-5629",),
    "@no_fodselsnummer": ("01019000164", "010190 00164"),
    "@fi_hetu": ("131052-308T", "131052A308T"),
    "@be_rijksregister": ("85.07.30-033.28", "85073003328"),
    "@ch_ahv": ("756.9217.0769.85", "7569217076985"),
    "@ie_pps": ("1234567T", "1234567FA"),
    "@cz_rodne_cislo": ("710319/2745",),
    "@ro_cnp": ("CNP 1800101221144",),
    "@br_cpf": ("390.533.447-05", "CPF 39053344705"),
    "@cn_resident_id": ("11010519491231002X",),
    "@in_aadhaar": ("2341 2341 2346", "aadhaar 234123412346"),
    "@in_pan": ("ABCPE1234F",),
    "@ca_sin": ("130 692 544", "SIN: 130692544"),
    "@za_id": ("8001015009087",),
    "@kr_rrn": ("800101-1234567",),
    "@tw_id": ("A123456789",),
    "@sg_nric": ("S1234567D",),
    "@mx_curp": ("HEGG560427MVZRRL04",),
    "@nl_bsn": ("BSN 111222333",),
    "@pl_pesel": ("PESEL: 44051401359",),
    "@de_steuer_id": ("86 095 742 719", "Steuer-ID 86095742719"),
    "@pt_nif": ("NIF 123456789",),
    "@at_svnr": ("SVNR 1237 010180",),
    "@au_tfn": ("TFN 123 456 782",),
    "@tr_kimlik": ("kimlik 10000000146",),
    "@ee_isikukood": ("isikukood 37605030299",),
    "@hr_oib": ("OIB 94577403194",),
    "@il_id": ("teudat zehut 123456782",),
    "@imei": ("IMEI 490154203237518",),
    "@bearer_token": ("Bearer mF_9.B5f-4.1JqM", "bearer abcdefghijklmnopqrst", "Basic amFuZTpzZWNyZXQ="),
    "@jwt": (JWT, f"token {JWT} end", JWT + "."),
    "@api_key": (
        "AKIA" + "IOSFODNN7EXAMPLE", "AIza" + "SyA1234567890abcdefghijklmnopqrstuv",
        "sk_live" + "_4eC39HqLyjWDarjtT1zdp7dc",
        "ghp" + "_16C7e42F292c6912E7710c838347Ae178B4a", "xoxb" + "-123456789012-abcdefABCDEF",
        "sk-proj" + "-abc123DEF456ghi789JKL012",
        "npm" + "_abcdefghijklmnopqrstuvwxyz0123456789", "SG." + "abcdefghijklmnopqrstuv.ABCDEFGHIJKLMNOPQRSTUVWX",
        "glpat" + "-abcdefghijklmnopqrst", "github_pat" + "_11ABCDEFG0abcdefghijkl",
    ),
    "@pem": (PEM, PEM.removesuffix("-----END PRIVATE KEY-----")),
    "@url_userinfo": (
        "https://jane:secret@example.org/x", "postgres://app:p/ss@db:5432/rollcall", "ftp://jane@example.org",
        "redis://:secret@cache:6379", "amqp://u:p@h",
    ),
    "@coordinates": (
        "52.520008, 13.404954", "-33.8688,151.2093", "40.7128° N, 74.0060° W", "geo:37.786971,-122.399677",
        "40°26′46″N 79°58′56″W",
    ),
    "@user_path": (
        "/home/jane/notes.txt", "/Users/jane/Documents", "C:\\Users\\Jane Doe\\Desktop", "file:///home/jane/x",
        "C:/Users/jane/x", "\\\\host\\Users\\jane",
    ),
    "@birth_date": ("born 3.4.2012", "date of birth 2012-04-03", "Birthday on 3 April 2012", "geboren am 03.04.2012"),
    "@assignment": (
        "password=hunter2", '"first_name": "Jane", broken', "email=&name=Jane", "firstName='Jane'", "Name: Jane Doe",
        "https://example.org/?name=Jane%20Doe", "api_key: abc", "Host=db;Password=x y;", "comment=hello+there",
        '{\\"nickname\\": \\"Jay\\"}', "user[name]=Jane",
    ),
}  # fmt: skip
LEFT_ALONE = (
    "", " ", "lesson-4711", "Fractions, part two", "the mean is 4.5 and the median 3", "2024-03-10",
    "2024-03-10T12:30:45.123Z", "2024-03-10T12:30:45+01:00", "2024-03-10 12:30:45", "10/03/2024", "01.02.2024 10.30",
    "12:30:45", "00:12:34", "version 4.12.1", "v1.2.3.4", "1.2.3", "build 20240310", "1709294400", "1709294400123",
    "order 1234567890", "order number 100200300400", "0b1f6c1e-6a3e-4a52-9d8e-2f6f3f1f5a10", "page 3 of 12",
    "3 + 4 = 7",
    "a ratio of 16:9", "x = y", "f(x) = 2x", "look at the dot", "at home", "5 @ 3 each", "@home", "lodash@4.17.21",
    "std::vector", "a::b", "::", "ab:cd", "0:1", "4111111111111112", "1234 5678 9012 3456",
    "GB82 WEST 1234 5698 7654 33",
    "ISBN 978-3-16-148410-0", "12345678A", "basic mathematics", "Bearer of news", "token", "sk-1", "eyJ", "3.14159",
    "52.5, 13.4", "/home", "/usr/lib/python3", "https://example.org/lessons/12?page=3", "12-34-56", "100%", "50 % off",
    "507f1f77bcf86cd799439011", "d41d8cd98f00b204e9800998ecf8427e", "#ff00aa", "1,234,567.89", "1 234 567",
    "2024/25", "grade 7b", "H2O", "e=mc2", "123456-7890", "12 345", "999-99", "room 101", "MMXXIV",
    "917ae429a0a0908f4f198da96a36d57f", "undeclared:917ae429a0a0908f4f198da96a36d57f", "sha256:9f86d081884c7d65",
    "10 000 000 000", "5,5", "2 x 3 x 4", "[email] and [phone]", "multiple-choice", "en-GB", "Europe/London",
    "video_played", "quiz 3: fractions", "step: 3", "status=done", "https://example.org:8080/path/@2x.png",
)  # fmt: skip
CASES = [(rule, text) for rule, texts in FOUND.items() for text in texts]


@pytest.fixture(scope="module")
def texts() -> TextScrubber:
    return TextScrubber()


@pytest.mark.parametrize(("rule", "text"), CASES, ids=lambda value: ascii(value)[:48])
def test_a_rule_finds_what_it_is_for(rule: str, text: str, texts: TextScrubber) -> None:
    """Each form of a personal value is found, by the rule that is for it, and nothing of it is left to find."""
    scrubbed = texts.scrub(text)
    assert rule in scrubbed.rules, scrubbed
    assert not texts.is_clean(text)
    assert texts.scrub(scrubbed.value).rules == ()


@pytest.mark.parametrize("text", LEFT_ALONE, ids=lambda value: ascii(value)[:48])
def test_what_is_not_personal_is_left_alone(text: str, texts: TextScrubber) -> None:
    """Times, versions, sums and the numbers of orders and lessons stay as they are."""
    assert texts.scrub(text).rules == ()
    assert texts.scrub(text).value == text
    assert texts.is_clean(text)


def test_every_rule_has_cases() -> None:
    """No rule is without a table."""
    assert set(FOUND) == RULE_IDS


@pytest.mark.slow
@given(st.from_regex(PLAIN, fullmatch=True))
def test_what_passes_as_plain_has_nothing_to_find(text: str) -> None:
    """The short cut for words, UUIDs and times skips no rule that would find something, but chance in random UUIDs."""
    assume(not UUID_SHAPE.fullmatch(text))
    assert TEXTS.find(text) == []


SHAPED = {id(rule): rule for family in FAMILIES for rule in family.rules if rule.shape and rule.id != "@iban"}
ASCII = st.characters(max_codepoint=127)


@pytest.mark.parametrize("rule", [*SHAPED.values(), UK_NINO], ids=lambda rule: rule.id)
@given(data=st.data())
# Patterns that look around themselves refuse most of what is drawn from them.
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
def test_a_rule_is_asked_about_all_that_its_pattern_matches(rule: Rule, data: st.DataObject) -> None:
    """The short cut by the shape of a number skips no place where a rule would look closer."""
    candidate = data.draw(st.from_regex(rule.pattern, fullmatch=True, alphabet=ASCII))
    assume(re.search("[0-9]", candidate))
    text = data.draw(st.sampled_from(["", "12 ", "(a1) ", "x: "])) + " ".join((*rule.context[:1], candidate)) + ", 7b"
    profile = TextProfile(text)
    families = [each for each in FAMILIES if rule in each.rules and each.may_find(profile) and each.passes(profile)]
    places = [place for family in families for place in family.places(profile)]
    for match in rule.pattern.finditer(text):
        assert any(rule in rules and start <= match.start() < end for rules, start, end in places), text


def test_an_iban_is_looked_for_however_it_is_grouped() -> None:
    """Each way to write the two letters and the two digits that it begins with."""
    for begin in ("GB82", "GB 82", "GB-82", "gb8 2", "GB 8-2"):
        assert "@iban" in TEXTS.scrub(f"iban ({begin} WEST 1234 5698 7654 32)").rules


def test_numbers_in_a_long_text_are_found() -> None:
    """As many numbers as there are, each is looked at."""
    text = "no 1234567 b, " * 60 + "DNI 12345678Z, GB82 WEST 1234 5698 7654 32, AB123456C; " + "c 7654321, " * 60
    assert {"@es_dni", "@iban", "@uk_nino"} <= set(TEXTS.scrub(text).rules)
