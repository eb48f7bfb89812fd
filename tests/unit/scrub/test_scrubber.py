"""The scrubber: names, properties, documents and texts under the default policy for minors."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rollcall.contracts.scrub.policy import PolicyAdditions
from rollcall.domain.keyring import Keyring
from rollcall.domain.scrub.policy import default_policy, policy_with
from rollcall.domain.scrub.pseudonym import Pseudonymiser
from rollcall.domain.scrub.remark import Remark
from rollcall.domain.scrub.scrubber import Scrubber, ScrubResult
from rollcall.errors import ScrubFailed

from tests.builders import ORG
from tests.canaries import personal_values, planted
from tests.unit.scrub.conftest import SECRETS

SCRUBBER = Scrubber(default_policy(), Pseudonymiser(Keyring("k2", SECRETS), ORG))
# Kinds that no rule can tell by their value: only the key, or the allow-list, keeps them out.
BY_KEY_ALONE = {"name", "birth_date", "address", "device_id", "disability", "guardian_name", "comment", "password"}

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=20,
)
VALUES = st.sampled_from(sorted(value for seed in range(3) for value in personal_values(seed).values()))
KEYS = st.sampled_from(
    ["lessonId", "Score", "url", "answers", "userId", "email", "tags", "name", "context", "body", "question_id"]
)
PERSONAL_JSON = st.recursive(
    VALUES | st.integers() | st.booleans() | st.text(max_size=20) | VALUES.map(lambda value: json.dumps({"a": value})),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | VALUES | st.text(max_size=8), inner, max_size=5),
    max_leaves=12,
)
SEPARATORS = st.sampled_from(["", " ", ", ", "\n", "a", "0", "=", ":", '"', "%20", "-", "."])


def test_a_declared_name_is_kept_in_one_style(scrubber: Scrubber) -> None:
    """Segment's "Lesson Completed" is lesson_completed."""
    for name in ("lesson_completed", "Lesson Completed", "lessonCompleted", "LESSON-COMPLETED"):
        assert scrubber.scrub_name(name).value == "lesson_completed"
        assert scrubber.scrub_name(name).remarks == ()


def test_an_undeclared_name_is_a_pseudonym(scrubber: Scrubber) -> None:
    """A name like "Jane Doe opened" looks like an event's name, so it is not stored; it is still counted."""
    scrubbed = scrubber.scrub_name("Jane Doe opened")
    assert scrubbed.value == "undeclared:" + scrubber.scrub_identifier("Jane Doe opened")
    assert scrubbed.remarks == (Remark("name", "@undeclared", "pseudonymise"),)
    assert scrubber.scrub_name(scrubbed.value).value == scrubbed.value
    assert scrubber.scrub_name("undeclared:Jane").value != "undeclared:Jane"


def test_properties_are_an_allow_list(scrubber: Scrubber) -> None:
    """A declared property is kept under its one name, if it fits; nothing else is kept, and no remark has a key."""
    scrubbed = scrubber.scrub_properties(
        "Lesson Completed",
        {"lessonId": "l-1", "Percent": 80, "is-offline": False, "Jane Doe": 1, "userEmail": "jane@example.org",
         "time_spent_seconds": "long", "position_seconds": 4},
    )  # fmt: skip
    assert scrubbed.value == {"lesson_id": "l-1", "percent": 80, "is_offline": False}
    assert set(scrubbed.remarks) == {
        Remark("*", "@undeclared", "remove"),
        Remark("email", "@key:contact", "remove"),
        Remark("time_spent_seconds", "@kind:duration", "remove"),
        Remark("position_seconds", "@undeclared", "remove"),
    }


def test_an_undeclared_event_keeps_what_every_event_may(scrubber: Scrubber) -> None:
    """Its own properties are dropped."""
    scrubbed = scrubber.scrub_properties("Jane Doe opened", {"course_id": "c-1", "score": 3})
    assert scrubbed.value == {"course_id": "c-1"}


def test_identifiers_join_across_fields(scrubber: Scrubber) -> None:
    """user_id of the event, userId and student_id of the properties: one pseudonym."""
    scrubbed = scrubber.scrub_properties("page", {"userId": "kim-7", "student_id": "kim-7", "school_class_id": 12})
    assert scrubbed.value["user_id"] == scrubbed.value["student_id"] == scrubber.scrub_identifier("kim-7")
    assert scrubbed.value["school_class_id"] == scrubber.scrub_identifier("12")


def test_a_url_keeps_which_page_it_is(scrubber: Scrubber) -> None:
    """No host, fragment or name of a user; tests/unit/scrub/test_url_path.py has the whole kind."""
    jane, address = scrubber.scrub_identifier("jane-doe"), scrubber.scrub_identifier("jane@example.org")
    urls = {
        "https://jane:pw@example.org/lessons/4?email=jane@example.org#top": "/lessons/4",
        "https://example.org/users/jane-doe/profile": f"/users/{jane}/profile",
        "/search/jane%40example.org": f"/search/{address}",
        "https://example.org": "/",
    }
    for url, path in urls.items():
        assert scrubber.scrub_properties("page", {"url": url}).value == {"url": path}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("score", 4111111111111111), ("score", "12"), ("score", True), ("score", float("nan")), ("percent", [1]),
        ("lesson_id", "Jane Doe"), ("lesson_id", "jane@example.org"), ("lesson_id", "+442079460958"),
        ("lesson_id", "x" * 129), ("lesson_id", "4111111111111111"), ("completed", "yes"),
        ("completed_at", "yesterday"), ("completed_at", 442079460958), ("locale", "Jane"),
        ("app_version", "jane"), ("timezone", "my place"),
        ("duration_ms", -1), ("url", "not a path"), ("url", "mailto:jane@example.org"),
        ("tags", ["ok", "Jane Doe"]), ("user_id", {"name": "Jane"}),
        ("user_id", True), ("lesson_id", {"a": 1}), ("lesson_id", 10**12),
    ],
)  # fmt: skip
def test_a_value_that_does_not_fit_its_kind_is_dropped(scrubber: Scrubber, key: str, value: Any) -> None:
    """With a remark, whatever it is."""
    scrubbed = scrubber.scrub_properties("lesson_completed", {key: value})
    assert key not in scrubbed.value
    assert len(scrubbed.remarks) == 1
    assert scrubbed.remarks[0].path.split(".")[0] == key


def test_arrays_of_answers_keep_what_is_declared_of_each(scrubber: Scrubber) -> None:
    """A path with `*` is each item of an array."""
    answers = [{"questionId": "q1", "correct": True, "text": "my mum"}, "Jane", {"Zoe": 1}]
    scrubbed = scrubber.scrub_properties("Quiz Submitted", {"answers": answers})
    assert scrubbed.value == {"answers": [{"question_id": "q1", "correct": True}, {}]}


def test_two_keys_that_are_one_name_keep_the_first(scrubber: Scrubber) -> None:
    """Nothing is overwritten."""
    scrubbed = scrubber.scrub_properties("page", {"lesson_id": "a", "lessonId": "b"})
    assert scrubbed.value == {"lesson_id": "a"}
    assert scrubbed.remarks == (Remark("lesson_id", "@twice", "remove"),)


def test_documents_are_scrubbed_by_key_and_value(scrubber: Scrubber) -> None:
    """In any depth, in JSON within strings, in keys; identifiers become pseudonyms; the rest stays."""
    document = {
        "body": json.dumps({"userEmail": "jane@example.org", "steps": [1, {"Note": "hi"}]}),
        "user_id": "kim-7",
        "events": [{"name": "lesson_completed", "First Name": "Jane", "jane@example.org": 1, "n": 2.5}],
        "link": "https://example.org/?next=%2Fmail%3Fto%3Djane%2540example.org",
        "address": {"line": "Mill Lane 1"},
        "disability": True,
        "empty": None,
        "big": 4111111111111111,
        "float": 4.111111111111111e15,
    }
    assert scrubber.scrub_document(document).value == {
        "body": '{"userEmail":"[contact]","steps":[1,{"Note":"[free_text]"}]}',
        "user_id": scrubber.scrub_identifier("kim-7"),
        "events": [{"name": "lesson_completed", "First Name": "[name]", "[email]": "[contact]", "n": 2.5}],
        "link": scrubber.scrub_document({"link": document["link"]}).value["link"],
        "address": "[address]",
        "disability": "[health]",
        "empty": None,
        "big": "[payment_card]",
        "float": "[payment_card]",
    }
    assert "jane" not in json.dumps(scrubber.scrub_document(document).value)


@pytest.mark.parametrize(
    ("key", "rule"),
    [
        ("userEmail", "contact"), ("user_email", "contact"), ("USER-EMAIL", "contact"), ("User Email", "contact"),
        ("USEREMAIL", "contact"), ("ｅmail", "contact"), ("parent_phone", "guardian"), ("Guardian", "guardian"),
        ("dateOfBirth", "birth_date"), ("DOB", "birth_date"), ("allergies", "health"), ("hasDisability", "health"),
        ("password", "credentials"), ("x-api-key", "credentials"), ("AuthToken", "credentials"), ("surname", "name"),
        ("first_name", "name"), ("name", "name"), ("nickname", "name"), ("home_address", "address"), ("zip", "address"),
        ("lat", "location"), ("Longitude", "location"), ("comment", "free_text"), ("bio", "free_text"),
        ("messageText", "free_text"), ("ip", "network"), ("idfa", "device"), ("deviceId", "device"),
        ("passport_no", "national_id"), ("religion", "demographics"), ("iban", "payment"),
    ],
)  # fmt: skip
def test_a_key_tells_what_its_value_is(scrubber: Scrubber, key: str, rule: str) -> None:
    """In any case and style."""
    scrubbed = scrubber.scrub_document({key: "some value"})
    assert scrubbed.value == {key: f"[{rule}]"}
    assert [remark.rule for remark in scrubbed.remarks] == [f"@key:{rule}"]


@pytest.mark.parametrize(
    "key", ["event_id", "org_id", "lesson_id", "percent", "occurred_at", "fileName", "course_name", "kind", "tablet"]
)
def test_a_key_that_tells_nothing_personal_keeps_its_value(scrubber: Scrubber, key: str) -> None:
    """What the envelope and lessons are made of."""
    assert scrubber.scrub_document({key: "some value"}).value == {key: "some value"}


def test_a_key_that_was_dropped_from_properties_is_not_kept_in_a_document(scrubber: Scrubber) -> None:
    """What is remembered of a key in one place lets nothing through in another."""
    scrubber.scrub_properties("page", {"zoe@example.org": 1})
    assert scrubber.scrub_document({"zoe@example.org": 1}).value == {"[email]": "[contact]"}


def test_remarks_never_tell_a_childs_name(scrubber: Scrubber) -> None:
    """A key that is none of the policy's words is `*`."""
    document = {"Zoe Miller": {"email": "zoe@example.org", "Zoe": ["zoe@example.org"]}}
    told = repr(scrubber.scrub_document(document).remarks) + repr(scrubber.scrub_properties("page", document).remarks)
    assert "zoe" not in told.lower()
    assert Remark("*.email", "@key:contact", "replace") in scrubber.scrub_document(document).remarks


def test_an_organisation_can_be_stricter() -> None:
    """Selectors drop, pseudonymise and mask what the default keeps, wherever a document has it; names are refused."""
    additions = PolicyAdditions(
        drop=("percent", "answers.*.choice_id"),
        pseudonymise=("lesson_id",),
        mask=("**.subject",),
        personal_keys=("house colour",),
        refuse_events=("Video Played",),
    )
    scrubber = Scrubber(policy_with(additions), Pseudonymiser(Keyring("k2", SECRETS), ORG))
    kept = scrubber.scrub_properties("lesson_completed", {"percent": 5, "lessonId": "l-1", "subject": "music"})
    assert kept.value == {"lesson_id": scrubber.scrub_identifier("l-1"), "subject": "*****"}
    assert scrubber.scrub_properties("lesson_completed", kept.value).value == kept.value
    quiz = scrubber.scrub_properties("quiz_submitted", {"answers": [{"choiceId": "a", "question_id": "q"}]})
    assert quiz.value == {"answers": [{"question_id": "q"}]}
    document = scrubber.scrub_document({"x": [{"lessonId": "l-1", "HouseColour": "red", "percent": 1}]})
    assert document.value == {"x": [{"lessonId": scrubber.scrub_identifier("l-1"), "HouseColour": "[organisation]"}]}
    with pytest.raises(ScrubFailed):
        scrubber.scrub_name("video_played")


@pytest.mark.parametrize(
    "document",
    [b"bytes", object(), {1: 2}, {"a": {2, 3}}, ["x" * 600_000, "y" * 600_000], [0] * 60_000, "\u0300\u0316" * 200],
    ids=["bytes", "object", "number as key", "set", "too much text", "too many values", "combining marks"],
)
def test_what_cannot_be_scrubbed_fails_closed(scrubber: Scrubber, document: Any) -> None:
    """ScrubFailed, without a word of the value."""
    with pytest.raises(ScrubFailed) as failure:
        scrubber.scrub_document(document)
    assert "xx" not in str(failure.value)


def test_limits_cut_with_a_remark(scrubber: Scrubber) -> None:
    """Depth, keys of an object, length of a string, JSON in JSON."""
    deep: Any = "jane@example.org"
    for _ in range(100):
        deep = [deep]
    nested: Any = {"a": "b"}
    for _ in range(7):
        nested = {"a": json.dumps(nested)}
    for document, rule in (
        (deep, "@limit:depth"),
        (nested, "@limit:depth"),
        ({f"k{number}": 1 for number in range(1500)}, "@limit:keys"),
        ({"a": "x " * 140_000}, "@limit:string"),
        ({"a" * 300: 1}, "@limit:key"),
        ({"a": 10**400}, "@limit:number"),
        ({"a": float("nan"), "b": -float("inf")}, "@limit:number"),
    ):
        scrubbed = scrubber.scrub_document(document)
        assert rule in {remark.rule for remark in scrubbed.remarks}
        assert "jane" not in repr(scrubbed)
        assert scrubber.scrub_document(scrubbed.value).value == scrubbed.value


@pytest.mark.parametrize("seed", range(20))
def test_no_canary_survives_in_properties(seed: int) -> None:
    """Whatever is planted wherever: nothing of it is in what is stored."""
    kept = SCRUBBER.scrub_properties("lesson_completed", planted(seed))
    stored = json.dumps([kept.value, [repr(remark) for remark in kept.remarks]])
    for kind, value in personal_values(seed).items():
        assert value not in stored, kind
        assert json.dumps(value)[1:-1] not in stored, kind


@pytest.mark.parametrize("seed", range(20))
def test_no_structured_canary_survives_in_documents_and_texts(seed: int) -> None:
    """Values that are recognisable by themselves are found in any key, in JSON in strings, in keys, in running text."""
    document = planted(seed)
    stored = json.dumps(SCRUBBER.scrub_document(document).value) + SCRUBBER.scrub_text(json.dumps(document)[:-9]).value
    stored += SCRUBBER.scrub_text(" and ".join(personal_values(seed).values())).value
    for kind, value in personal_values(seed).items():
        if kind not in BY_KEY_ALONE:
            assert value not in stored, kind
            assert json.dumps(value)[1:-1] not in stored, kind


@pytest.mark.slow
@given(JSON | PERSONAL_JSON)
@settings(max_examples=300, deadline=None)
def test_documents_scrubbed_again_do_not_change(document: Any) -> None:
    """Never an error but ScrubFailed, and a second time changes nothing."""
    try:
        once = SCRUBBER.scrub_document(document)
    except ScrubFailed:
        return
    assert SCRUBBER.scrub_document(once.value).value == once.value


@pytest.mark.slow
@given(st.dictionaries(KEYS | st.text(max_size=10), JSON | PERSONAL_JSON, max_size=8))
@settings(max_examples=300, deadline=None)
def test_properties_scrubbed_again_do_not_change(properties: dict[str, Any]) -> None:
    """The same of properties."""
    try:
        once = SCRUBBER.scrub_properties("quiz_submitted", properties)
    except ScrubFailed:
        return
    again = SCRUBBER.scrub_properties("quiz_submitted", once.value)
    assert again.value == once.value


@pytest.mark.slow
@given(st.lists(st.tuples(VALUES | st.text(max_size=12), SEPARATORS), max_size=8))
@settings(max_examples=500, deadline=None)
def test_texts_scrubbed_again_do_not_change(parts: list[tuple[str, str]]) -> None:
    """The same of texts, whatever stands beside what."""
    text = "".join(value + separator for value, separator in parts)
    try:
        once = SCRUBBER.scrub_text(text)
    except ScrubFailed:
        return
    assert SCRUBBER.scrub_text(once.value).value == once.value


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("12345", "12345"),
        ("12345.0", "12345"),
        ("1.2345e4", "12345"),
        ("110169484474386276335", "110169484474386276335"),
        ("-0.0", "0"),
    ],
)
def test_a_numeric_id_is_one_pseudonym_wherever_it_stands(scrubber: Scrubber, written: str, text: str) -> None:
    """In properties, in documents, and again in JSON that comes back from the database."""
    number, pseudonym = json.loads(written), scrubber.scrub_identifier(text)
    assert scrubber.scrub_properties("page", {"user_id": number}).value == {"user_id": pseudonym}
    assert scrubber.scrub_document({"user_id": number}).value == {"user_id": pseudonym}


@pytest.mark.parametrize("number", [1.1016948447438627e20, 12.5, 1e300, float("inf")])
def test_a_float_that_two_ids_could_share_is_no_id(scrubber: Scrubber, number: float) -> None:
    """Nothing of it is kept under the name of an id."""
    assert scrubber.scrub_properties("page", {"user_id": number}).value == {}
    assert scrubber.scrub_document({"user_id": number}).value == {"user_id": "[removed]"}


@pytest.mark.parametrize("value", ["[kim]", "[hunter2]", "[kim_miller]", "[names]", "[NAME]", "[name] kim", "[[name]]"])
def test_a_value_in_brackets_is_no_marker_of_ours(scrubber: Scrubber, value: str) -> None:
    """A client cannot dress a name as what scrubbing left; what scrubbing did leave is known again."""
    document = {"first_name": value, "password": value, "student_id": value}
    kept = {"first_name": "[name]", "password": "[credentials]", "student_id": scrubber.scrub_identifier(value)}
    assert scrubber.scrub_document(document).value == kept
    if " " not in value:
        assert value not in scrubber.scrub_text(f"password={value}").value
    ours = {"first_name": "[name]", "note": "[free_text]", "user_id": "[removed]"}
    assert scrubber.scrub_document(ours) == ScrubResult(ours, ())
    assert scrubber.scrub_text("password=[assignment]").remarks == ()
