"""The content digest of an analytics event: fixed for ever, as what was stored under it comes again."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from rollcall.contracts.ingest.analytics import AnalyticsEvent
from rollcall.domain.keyring import Keyring
from rollcall.domain.scrub.policy import default_policy
from rollcall.domain.scrub.pseudonym import Pseudonymiser
from rollcall.domain.scrub.scrubber import Scrubber
from rollcall.flows.scrub import events
from rollcall.flows.scrub.events import Scrubbing, scrub_event

from tests.builders import ORG

KEYRING = Keyring("k1", {"k1": "a secret of forty characters, for the test"})
LEAST = AnalyticsEvent(
    event_id=UUID(int=1), org_id=ORG, name="lesson_viewed", occurred_at=datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
)
MOST = LEAST.model_copy(
    update={
        "event_id": UUID(int=2),
        "occurred_at": datetime(2026, 3, 10, 12, 0, 0, 123456, tzinfo=UTC),
        "user_id": "naïve 🧮",
        "anonymous_id": "device 7",
        "session_id": "s-1",
        "properties": {"score": 7, "ratio": 0.5, "nested": {"b": [1, None, True], "a": "ü"}},
    }
)
GOLDEN = {"least": (LEAST, "fd4e27e4429419e3134ed47672ebd0c0"), "most": (MOST, "523384d67bcaef39b56d8fec2e50af8b")}
VERSION_1 = {"event_id", "name", "occurred_at", "user_id", "anonymous_id", "session_id", "properties"}
# Members that are no content: who sends an event again may say them anew.
NO_CONTENT = {"org_id"}


class LaterEvent(AnalyticsEvent):
    """The contract as it may be one day."""

    device: str | None = None


def digest_of(event: AnalyticsEvent) -> str:
    pseudonymiser, policy = Pseudonymiser(KEYRING, ORG), default_policy()
    scrubbing = Scrubbing(Scrubber(policy, pseudonymiser), pseudonymiser, policy)
    return scrub_event(event, scrubbing, lambda told_at: told_at).digest


@pytest.mark.parametrize("name", GOLDEN)
def test_the_digest_is_the_one_of_version_1(name: str) -> None:
    """Golden: a change of this digest would make a conflict of every event that is sent again over a deployment."""
    event, digest = GOLDEN[name]
    assert digest_of(event) == digest


def test_every_member_has_its_place() -> None:
    """A new member of the contract states whether it is content: then it stands behind those of version 1."""
    assert set(AnalyticsEvent.model_fields) == VERSION_1 | events.LATER_MEMBERS | NO_CONTENT


def test_a_member_that_comes_later_changes_no_digest_of_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """An event without it has its old digest, and one with it another."""
    monkeypatch.setattr(events, "LATER_MEMBERS", {"device"})
    for event, digest in GOLDEN.values():
        fields = event.model_dump()
        assert digest_of(LaterEvent(**fields)) == digest
        assert len({digest, *(digest_of(LaterEvent(**fields, device=device)) for device in ("a", "b"))}) == 3
