"""Write keys: their form, and how long what the database said of one is good."""

import hashlib
from uuid import UUID, uuid4

import pytest
from rollcall.domain.ingest import write_key
from rollcall.errors import InvalidWriteKey, StoreUnavailable
from rollcall.flows.ingest.write_key_check import (
    ASK_AGAIN_SECONDS,
    FRESH_SECONDS,
    KNOWN_SECONDS,
    REMEMBERED_MAX,
    KeyHolder,
    WriteKeyCheck,
)

from tests.builders import ORG

SECRET = "s" * 43
KEY = write_key.write(ORG, SECRET)


class Keys:
    """A store with one key, a clock, and a count of questions."""

    def __init__(self) -> None:
        self.write_key_id: UUID | None = uuid4()
        self.away = False
        self.asked = 0
        self.seconds = 1000.0
        self.check = WriteKeyCheck(self.find, lambda: self.seconds)

    def find(self, org_id: UUID, secret_digest: bytes) -> UUID | None:
        """Answer as the store would."""
        self.asked += 1
        if self.away:
            raise StoreUnavailable
        return self.write_key_id if (org_id, secret_digest) == (ORG, digest(SECRET)) else None


def digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


@pytest.fixture
def keys() -> Keys:
    return Keys()


def test_a_key_names_its_organisation_and_hides_its_secret() -> None:
    """What is looked for is the organisation and a digest."""
    presented = write_key.read(KEY)
    assert presented is not None
    assert presented.org_id == ORG
    assert presented.secret_digest == digest(SECRET)


@pytest.mark.parametrize(
    "text",
    ["", "None", SECRET, f"rk_{ORG}_{SECRET}", f"rk_{ORG.hex}_short", f"rk_{ORG.hex}_{SECRET}\n", f" {KEY}",
     KEY.upper(), f"rk_{ORG.hex}_{'s' * 129}", f"rk_{ORG.hex}_{'ß' * 43}"],
)  # fmt: skip
def test_what_is_no_key_is_refused_without_a_question(keys: Keys, text: str) -> None:
    """The database never hears of it, even when it is away."""
    keys.away = True
    with pytest.raises(InvalidWriteKey):
        keys.check.check(text)
    assert keys.asked == 0


def test_a_known_key_is_asked_about_once_a_minute(keys: Keys) -> None:
    """Between, what the database said holds; then a revoked key is noticed, and stays refused."""
    assert keys.write_key_id is not None
    assert keys.check.check(KEY) == KeyHolder(ORG, keys.write_key_id)
    keys.write_key_id = None
    keys.seconds += FRESH_SECONDS - 1
    keys.check.check(KEY)
    assert keys.asked == 1
    keys.seconds += 1
    for _ in range(2):
        with pytest.raises(InvalidWriteKey):
            keys.check.check(KEY)
    keys.away = True
    with pytest.raises(StoreUnavailable):
        keys.check.check(KEY)


def test_an_unknown_key_is_asked_about_each_time(keys: Keys) -> None:
    """A key that was made a moment ago is good at once."""
    keys.write_key_id, made = None, keys.write_key_id
    with pytest.raises(InvalidWriteKey):
        keys.check.check(KEY)
    keys.write_key_id = made
    assert keys.check.check(KEY).write_key_id == made


def test_a_key_that_cannot_be_checked_is_not_called_invalid(keys: Keys) -> None:
    """A client drops what was refused with 401, and keeps what was refused with 503."""
    keys.away = True
    with pytest.raises(StoreUnavailable):
        keys.check.check(KEY)


def test_a_verified_key_outlives_an_outage_for_an_hour(keys: Keys) -> None:
    """The function asks the database every few seconds, not for each request; its memory ends after an hour."""
    keys.check.check(KEY)
    keys.away = True
    keys.seconds += FRESH_SECONDS
    for _ in range(5):
        keys.check.check(KEY)
    assert keys.asked == 2
    keys.seconds += ASK_AGAIN_SECONDS
    keys.check.check(KEY)
    assert keys.asked == 3
    keys.seconds += KNOWN_SECONDS
    with pytest.raises(StoreUnavailable):
        keys.check.check(KEY)
    keys.away = False
    assert keys.check.check(KEY).write_key_id == keys.write_key_id


def test_memory_is_bounded() -> None:
    """The key that was found longest ago is forgotten first."""
    asked: list[UUID] = []

    def find(org_id: UUID, _digest: bytes) -> UUID:
        asked.append(org_id)
        return org_id

    check = WriteKeyCheck(find, lambda: 0.0)
    organisations = [uuid4() for _ in range(REMEMBERED_MAX + 1)]
    for org_id in organisations:
        check.check(write_key.write(org_id, SECRET))
    asked.clear()
    check.check(write_key.write(organisations[-1], SECRET))
    check.check(write_key.write(organisations[0], SECRET))
    assert asked == [organisations[0]]
