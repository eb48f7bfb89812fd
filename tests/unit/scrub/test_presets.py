"""Presets: what is kept of the events that known systems for learning send, and what is not."""

from typing import Any

import pytest
from rollcall.contracts.scrub.policy import PolicyAdditions, PresetName
from rollcall.domain.keyring import Keyring
from rollcall.domain.scrub.key_name import compact
from rollcall.domain.scrub.key_rules import judge
from rollcall.domain.scrub.kinds import KINDS
from rollcall.domain.scrub.policy import default_policy, policy_with
from rollcall.domain.scrub.presets.shipped import PRESETS
from rollcall.domain.scrub.pseudonym import Pseudonymiser
from rollcall.domain.scrub.scrubber import Scrubber

from tests.builders import ORG
from tests.unit.scrub.conftest import SECRETS

PERSON = {"name": "Kim Miller", "mbox": "mailto:kim@school.example"}
USAGE_KEY = "block-v1:Org+Course+Run+type@video+block@0123456789abcdef0123456789abcdef"
STATEMENT = {
    "actor": PERSON,
    "verb": {"id": "http://adlnet.gov/expapi/verbs/completed", "display": {"en": "Kim"}},
    "object": {"objectType": "Activity", "definition": {"type": "http://adlnet.gov/expapi/activities/course"}},
    "result": {
        "score": {"scaled": 0.9, "raw": 9, "max": 10},
        "duration": "PT4M1.5S",
        "completion": True,
        "response": "Kim",
    },
}
KEPT_OF_STATEMENT = {
    "verb": {"id": "/expapi/verbs/completed"},
    "object": {"object_type": "Activity", "definition": {"type": "/expapi/activities/course"}},
    "result": {"score": {"scaled": 0.9, "raw": 9, "max": 10}, "duration": "PT4M1.5S", "completion": True},
}  # fmt: skip
PSEUDONYM_OF_12 = Pseudonymiser(Keyring("k2", SECRETS), ORG).pseudonym("12")
VIDEO = "https://w3id.org/xapi/video/extensions/"
KEPT: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    ("xapi", "http://adlnet.gov/expapi/verbs/completed", STATEMENT, KEPT_OF_STATEMENT),
    ("xapi", "answered", STATEMENT, KEPT_OF_STATEMENT),
    ("xapi", "https://w3id.org/xapi/adl/verbs/waived", {"score": {"scaled": 1}}, {"score": {"scaled": 1}}),
    ("xapi_video", "https://w3id.org/xapi/video/verbs/paused",
     {"result": {"extensions": {f"{VIDEO}time": 12.5, f"{VIDEO}played-segments": "Kim", f"{VIDEO}progress": 0.4}}},
     {"result": {"extensions": {"time": 12.5, "progress": 0.4}}}),
    ("h5p", "http://adlnet.gov/expapi/verbs/interacted", {"object": {"definition": {"interactionType": "choice"}}},
     {"object": {"definition": {"interaction_type": "choice"}}}),
    ("open_edx", "edx.video.played", {"event": {"id": "v1", "currentTime": 3.25, "code": "html5"}, "username": "kim"},
     {"event": {"id": "v1", "current_time": 3.25, "code": "html5"}}),
    ("open_edx", "problem_check", {"event": {"problem_id": USAGE_KEY, "grade": 1, "answers": {"a": "Kim"}}},
     {"event": {"problem_id": USAGE_KEY, "grade": 1}}),
    ("open_edx", "edx.bookmark.added", {"context": {"course_id": "course-v1:Org+X+2026", "username": "kim"}},
     {"context": {"course_id": "course-v1:Org+X+2026"}}),
    ("moodle", "\\mod_quiz\\event\\attempt_submitted", {"courseid": "4", "objectid": 12, "timecreated": 1773121500,
     "ip": "192.168.1.7", "other": {"name": "Kim"}}, {"course_id": "4", "objectid": PSEUDONYM_OF_12,
     "timecreated": 1773121500}),
    ("canvas", "grade_change", {"body": {"score": 4.5, "assignment_id": "12", "student_name": "Kim"}},
     {"body": {"score": 4.5, "assignment_id": "12"}}),
]  # fmt: skip


def scrubber_with(*presets: PresetName) -> Scrubber:
    return Scrubber(policy_with(PolicyAdditions(presets=presets)), Pseudonymiser(Keyring("k2", SECRETS), ORG))


@pytest.mark.parametrize(("preset", "name", "properties", "kept"), KEPT)
def test_a_preset_keeps_what_is_safe_of_its_events(
    preset: PresetName, name: str, properties: dict[str, Any], kept: dict[str, Any]
) -> None:
    """Under the name that it was sent under; no name, answer, address or text. Scrubbing again changes nothing."""
    scrubber = scrubber_with(preset)
    assert scrubber.scrub_name(name).value == name
    assert scrubber.scrub_properties(name, properties).value == kept
    assert scrubber.scrub_properties(name, kept).value == kept


@pytest.mark.parametrize(("preset", "name"), [(preset, name) for preset, name, _, _ in KEPT])
def test_without_its_preset_an_event_is_undeclared(preset: str, name: str) -> None:
    """The default policy keeps no name that it does not know."""
    if default_policy().event_name(name) is None:
        assert scrubber_with().scrub_name(name).value.startswith("undeclared:")


@pytest.mark.parametrize("preset", PRESETS)
def test_every_event_of_a_preset_is_stored_under_its_name(preset: PresetName) -> None:
    """Each name and each property can be declared, and none is of the kind text."""
    scrubber = scrubber_with(preset)
    for name, kinds in PRESETS[preset].events.items():
        assert scrubber.scrub_name(name).value == default_policy().event_name(name) or name
        assert len(name) <= 96
        assert set(kinds.values()) <= KINDS.keys() - {"text"}
        for path, kind in kinds.items():
            verdict = judge(path.rsplit(".", 1)[-1])
            is_safe = verdict is None or kind in {"pseudonym", "url_path", "number", "boolean", "version", "language"}
            assert (
                is_safe
                or verdict is None
                or verdict.rule.id in {"@key:identifier", "@key:free_text", "@key:credentials"}
            ), (name, path)


def test_presets_are_what_the_contract_names() -> None:
    """A policy can name each, and no other."""
    assert sorted(PRESETS) == sorted(PresetName.__args__)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "kept"),
    [("/courses/about", True), ("/courses/course-v1:Org+X+2026/about", False), ("/users/kim", False),
     ("/courses/12/lessons?user=kim", False), ("/" + "kim/" * 30, False)],
)  # fmt: skip
def test_events_of_open_edx_may_be_called_by_a_path(name: str, kept: bool) -> None:
    """It is scrubbed as any path is; without the preset its name is undeclared."""
    scrubber = scrubber_with("open_edx")
    stored = scrubber.scrub_name(name).value
    assert (stored == name) is kept
    assert "kim" not in stored
    assert len(stored) <= 128
    assert scrubber.scrub_name(stored).value == stored
    assert scrubber_with().scrub_name(name).value.startswith("undeclared:")


@pytest.mark.parametrize(
    "name", ["http://adlnet.gov/expapi/verbs/completed", "/courses/x/about", "edx.video.played", "$pageview", "a:b/c#d"]
)
def test_an_organisation_may_declare_addresses_as_names(name: str) -> None:
    """They are stored as they are declared, so that they join with the system that they come from."""
    policy = policy_with(PolicyAdditions.model_validate({"declare": {name: {"mood": "token"}}}))
    scrubber = Scrubber(policy, Pseudonymiser(Keyring("k2", SECRETS), ORG))
    assert scrubber.scrub_name(name).value == name
    assert scrubber.scrub_properties(name, {"mood": "well"}).value == {"mood": "well"}


POSTHOG = {
    "$lib": "web", "$lib_version": "1.205.0", "$os": "Mac OS X", "$browser": "Mobile Safari", "$browser_version": 17.4,
    "$device_type": "Desktop", "$screen_width": 1440, "$current_url": "https://app.example/users/kim?tab=grades",
    "$browser_language": "en-GB", "$session_id": "s1", "$pathname": "/courses/12", "$timezone": "Europe/Berlin",
}  # fmt: skip
OF_PEOPLE = {
    "$ip": "192.168.1.7", "$set": {"email": "kim@school.example"}, "$set_once": {"$initial_referrer": "x"},
    "title": "Kim",
    "$host": "kim.example", "$elements": [{"text": "Kim"}], "$el_text": "Kim", "Kim": 1,
    "$raw_user_agent": "Mozilla/5.0",
    "$geoip_city_name": "Kimberley", "$referring_domain": "kim.example", "token": "phc_kim",
    "$user_email": "kim@x.example",
}  # fmt: skip


@pytest.mark.parametrize("name", ["$pageview", "$pageleave", "$screen", "$autocapture", "$identify", "$groupidentify"])
def test_the_default_policy_knows_what_posthog_sends(name: str) -> None:
    """Versions, devices and pages stay, whatever is a person's goes, without a preset."""
    scrubber = scrubber_with()
    assert compact(scrubber.scrub_name(name).value) == compact(name), "screen and identify are Segment's too"
    kept = scrubber.scrub_properties(name, POSTHOG | OF_PEOPLE).value
    assert kept.keys() >= {
        "lib",
        "lib_version",
        "os",
        "browser",
        "device_type",
        "screen_width",
        "current_url",
        "timezone",
    }
    assert "kim" not in str(kept).lower()
    assert "192.168" not in str(kept)
    assert not kept.keys() & {"ip", "set", "host", "elements", "el_text", "title", "token"}


@pytest.mark.parametrize("browser", ["Kim", "Emma Miller", "kim@school.example", "Chrome of Kim", "x" * 200])
def test_no_name_passes_for_software(browser: str) -> None:
    """Browsers, systems and devices are a closed list."""
    assert "browser" not in scrubber_with().scrub_properties("$pageview", {"$browser": browser}).value


GENERIC_IDS: dict[tuple[PresetName, str], dict[str, Any]] = {
    ("moodle", "\\core\\event\\user_loggedin"): {"objecttable": "user", "objectid": 42},
    ("moodle", "\\core\\event\\dashboard_viewed"): {"contextlevel": 30, "contextinstanceid": 42, "contextid": 42},
    ("canvas", "asset_accessed"): {"context_id": "42", "context_type": "User", "asset_id": 42},
}


@pytest.mark.parametrize(("preset", "name"), GENERIC_IDS)
def test_an_id_of_whatever_kind_is_a_pseudonym(preset: PresetName, name: str) -> None:
    """It may be a person's: which table it is of is another property's to say."""
    kept = scrubber_with(preset).scrub_properties(name, GENERIC_IDS[preset, name]).value
    assert kept.keys() == GENERIC_IDS[preset, name].keys()
    assert not {42, "42"} & set(kept.values())


@pytest.mark.parametrize("preset", ["xapi", "xapi_video", "h5p"])
def test_a_preset_brings_the_words_of_its_own_addresses(preset: PresetName) -> None:
    """Each verb is kept as it is called, and what follows it is not."""
    scrubber = scrubber_with(preset)
    for verb in PRESETS[preset].events:
        if "://" in verb:
            kept = scrubber.scrub_properties("completed", {"verb": {"id": verb}}).value["verb"]["id"]
            assert kept == "/" + verb.split("/", 3)[3], verb
    kept = scrubber.scrub_properties("completed", {"verb": {"id": "http://adlnet.gov/expapi/verbs/emma/42"}}).value
    assert "emma" not in str(kept)
    assert not kept["verb"]["id"].endswith("/42")


@pytest.mark.parametrize(("platform", "is_kept"), [("Emma", False), ("Android", True)])
def test_a_platform_is_software(platform: str, is_kept: bool) -> None:
    """And no name."""
    kept = scrubber_with("xapi").scrub_properties("completed", {"context": {"platform": platform}}).value
    assert (platform in str(kept)) is is_kept


@pytest.mark.parametrize(
    "name", ["\\mod_chat\\event\\course_module_viewed", "http://adlnet.gov/expapi/verbs/attempted", "/users/42"]
)
def test_names_of_declared_events_are_no_addresses_in_documents(name: str) -> None:
    """A dead letter keeps the name of its event, so that it can be sent again; without a preset it is a path."""
    declared = default_policy().event_name(name) is None and not name.startswith("/users")
    kept = scrubber_with("moodle", "xapi").scrub_document({"event": name}).value["event"]
    assert (kept == name) is declared
