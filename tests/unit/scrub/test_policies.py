"""Whose policy is whose: read from parameters, kept for a while, and never guessed."""

import json
from dataclasses import dataclass, field
from uuid import uuid4

import pytest
from rollcall.domain.scrub.policy import default_policy
from rollcall.edge.wiring import environment
from rollcall.edge.wiring import scrub as wiring_scrub
from rollcall.errors import ParameterUnavailable, PolicyUnavailable
from rollcall.flows.scrub.catalogues import Catalogues
from rollcall.flows.scrub.policies import KEEP_SECONDS, STALE_SECONDS, Policies

A, B = uuid4(), uuid4()
STRICTER = '{"drop": ["lesson_id"]}'


@dataclass
class Parameters:
    """Systems Manager, and a clock."""

    texts: dict[str, str] = field(default_factory=dict)
    away: bool = False
    seconds: float = 0
    reads: int = 0

    def read(self, name: str) -> str | None:
        """Return a parameter's text."""
        self.reads += 1
        if self.away:
            raise ParameterUnavailable
        return self.texts.get(name)


@pytest.fixture
def parameters() -> Parameters:
    return Parameters({f"/policies/{A}": STRICTER})


@pytest.fixture
def policies(parameters: Parameters) -> Policies:
    return Policies(parameters.read, "/policies", lambda: parameters.seconds)


def test_an_organisation_has_its_own_policy(policies: Policies) -> None:
    """With its additions; one that has none has the default."""
    assert policies.policy_of(A).version != default_policy().version
    assert policies.policy_of(B).version == default_policy().version


def test_a_policy_is_read_again_after_a_while(policies: Policies, parameters: Parameters) -> None:
    """Not for every batch, and soon after it was changed."""
    before = policies.policy_of(A)
    parameters.texts[f"/policies/{A}"] = '{"drop": ["score"]}'
    assert policies.policy_of(A) is before
    assert parameters.reads == 1
    parameters.seconds += KEEP_SECONDS
    assert policies.policy_of(A).version != before.version


def test_a_policy_that_was_read_outlasts_an_outage_but_not_for_ever(policies: Policies, parameters: Parameters) -> None:
    """Events go on for an hour; after that the organisation's policy may have changed."""
    known = policies.policy_of(A)
    parameters.away = True
    parameters.seconds += STALE_SECONDS - 1
    assert policies.policy_of(A) is known
    parameters.seconds += 1
    with pytest.raises(PolicyUnavailable):
        policies.policy_of(A)


def test_an_unknown_policy_is_never_the_default(policies: Policies, parameters: Parameters) -> None:
    """At a cold start without Systems Manager nothing is taken: the organisation may be stricter than the default."""
    parameters.away = True
    with pytest.raises(PolicyUnavailable):
        policies.policy_of(A)


@pytest.mark.parametrize("text", ["not JSON", '{"unknown": 1}', '{"disable_rules": ["@no_such_rule"]}', "[]"])
def test_a_broken_policy_takes_nothing_in(policies: Policies, parameters: Parameters, text: str) -> None:
    """A policy written by hand has a purpose: events wait with their clients until it is corrected."""
    parameters.texts[f"/policies/{B}"] = text
    with pytest.raises(PolicyUnavailable):
        policies.policy_of(B)


def test_administrators_read_what_is_there_now(policies: Policies, parameters: Parameters) -> None:
    """Also just after they changed it."""
    policies.policy_of(A)
    parameters.texts[f"/policies/{A}"] = '{"drop": ["score"]}'
    additions, policy = policies.read(A)
    assert additions
    assert additions.drop == ("score",)
    assert policies.policy_of(A) is policy
    assert policies.read(A)[1] is policy, "compiled once"


def test_a_re_scrub_goes_by_the_policy_of_this_moment(
    policies: Policies, parameters: Parameters, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run right after a stricter policy uses that policy; by the one before there would be nothing to do."""
    monkeypatch.setattr(wiring_scrub, "policies", lambda: policies)
    catalogue = [["a"]]
    catalogues = Catalogues(lambda _: catalogue[-1], lambda: 0.0)
    monkeypatch.setattr(wiring_scrub, "catalogues", lambda: catalogues)
    monkeypatch.setattr(environment, "keyring_text", lambda: json.dumps({"current": "k1", "k1": "s" * 40}))
    before = wiring_scrub.scrubbing_of(A).policy_version
    parameters.texts[f"/policies/{A}"] = '{"drop": ["score"]}'
    assert wiring_scrub.scrubbing_of(A).policy_version == before
    stricter = wiring_scrub.scrubbing_at_once(A).policy_version
    assert stricter != before
    catalogue.append([])
    assert wiring_scrub.scrubbing_of(A).policy_version == stricter
    assert wiring_scrub.scrubbing_at_once(A).policy_version != stricter
