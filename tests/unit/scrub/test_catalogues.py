"""Course catalogues: read once a minute, good while the database is away, and what they let through where."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import pytest
from rollcall.domain.scrub.policy import default_policy
from rollcall.domain.scrub.pseudonym import Pseudonymiser
from rollcall.domain.scrub.scrubber import Scrubber
from rollcall.errors import StoreUnavailable
from rollcall.flows.scrub.catalogues import ASK_AGAIN_SECONDS, KEEP_SECONDS, STALE_SECONDS, Catalogues

from tests.builders import ORG
from tests.unit.ingest.test_collect_flow import KEYRING

A, B = uuid4(), uuid4()
UNUSUAL = "emma-2014-03-02"


@dataclass
class Fakes:
    """The database, and a clock."""

    ids: dict[UUID, list[str]] = field(default_factory=lambda: {A: [UNUSUAL]})
    away: bool = False
    seconds: float = 0
    reads: int = 0

    def read(self, org_id: UUID) -> Sequence[str]:
        """Return an organisation's ids."""
        self.reads += 1
        if self.away:
            raise StoreUnavailable
        return self.ids.get(org_id, [])


@pytest.fixture
def fakes() -> Fakes:
    return Fakes()


@pytest.fixture
def catalogues(fakes: Fakes) -> Catalogues:
    return Catalogues(fakes.read, lambda: fakes.seconds)


def test_a_catalogue_is_its_organisations_and_read_once_a_minute(fakes: Fakes, catalogues: Catalogues) -> None:
    """A change is seen within the minute."""
    assert catalogues.known_of(A) == {UNUSUAL}
    assert catalogues.ids_of(B) == frozenset()
    assert catalogues.known_of(B) == frozenset()
    assert fakes.reads == 2
    fakes.ids[A] = []
    fakes.seconds += KEEP_SECONDS
    assert catalogues.known_of(A) == frozenset()


def test_a_catalogue_outlasts_an_outage_but_not_for_ever(fakes: Fakes, catalogues: Catalogues) -> None:
    """And a database that is away is not asked at each request."""
    catalogues.known_of(A)
    fakes.away, fakes.seconds = True, KEEP_SECONDS
    assert [catalogues.known_of(A) for _ in range(3)] == [{UNUSUAL}] * 3
    assert fakes.reads == 2
    fakes.seconds = STALE_SECONDS + ASK_AGAIN_SECONDS
    assert catalogues.ids_of(A) == frozenset()
    with pytest.raises(StoreUnavailable):
        catalogues.known_of(A)
    fakes.away, fakes.seconds = False, fakes.seconds + ASK_AGAIN_SECONDS
    assert catalogues.known_of(A) == {UNUSUAL}


def test_an_unknown_catalogue_lets_nothing_through(fakes: Fakes, catalogues: Catalogues) -> None:
    """Progress waits with its client; analytics lose the property."""
    fakes.away = True
    assert catalogues.ids_of(A) == frozenset()
    with pytest.raises(StoreUnavailable):
        catalogues.known_of(A)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (UNUSUAL, True),
        ("Brüche 3", True),
        ("emma-2014-03-03", False),
        ("Bruche 3", False),
        ("kim@school.example", False),
    ],
)
def test_tokens_and_paths_keep_what_the_catalogue_has(value: str, kept: bool) -> None:
    """So that progress and analytics of one id join. An address is no id, even in a catalogue."""
    catalogue = frozenset({UNUSUAL, "Brüche 3", "kim@school.example"})
    scrubber = Scrubber(default_policy(), Pseudonymiser(KEYRING, ORG), catalogue)
    scrubbed = scrubber.scrub_properties("page", {"lesson_id": value, "tags": [value], "url": f"/courses/{value}"})
    assert ("lesson_id" in scrubbed.value) is kept
    assert ("tags" in scrubbed.value) is kept
    assert (scrubbed.value["url"] == f"/courses/{value}") is kept


def test_a_catalogue_is_part_of_the_policys_version() -> None:
    """A run scrubs again what another catalogue let through."""
    versions = [
        Scrubber(default_policy(), Pseudonymiser(KEYRING, ORG), frozenset(ids)).version
        for ids in ([], ["a"], ["b"], ["a", "b"], ["b", "a"], ["kim@school.example"])
    ]
    assert versions[0] == versions[5] == default_policy().version
    assert versions[3] == versions[4]
    assert len(set(versions)) == 4
    assert versions[1].startswith(default_policy().version + "~")
