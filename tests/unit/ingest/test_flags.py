"""Kill switches and sampling: what they say of an event, and how they are read while functions run."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from rollcall.contracts.ingest.flags import Flags, Switch
from rollcall.domain.ingest.flags import DROP_REASONS, find_drop
from rollcall.errors import ParameterUnavailable
from rollcall.flows.ingest.flags import AGE_MAX_SECONDS, FlagReader

from tests.builders import ORG

EVENT_ID = UUID("7c9e6679-7425-40de-944b-e07fc1f90ae7")


def flags(**members: Any) -> Flags:
    return Flags.model_validate(members)


@pytest.mark.parametrize(
    ("switched", "fallback", "reason"),
    [
        (flags(), "on", None),
        (flags(), "off", "emit_off"),
        (flags(emit="on"), "off", None),
        (flags(emit="off"), "on", "emit_off"),
        (flags(organisations={str(ORG): {"emit": "off"}}), "on", "organisation_off"),
        (flags(organisations={str(uuid4()): {"emit": "off"}}), "on", None),
        (flags(emit="off", organisations={str(ORG): {"emit": "on"}}), "on", "emit_off"),
        (flags(sampling={"lesson_viewed": 0}), "on", "sampled_out"),
        (flags(sampling={"lesson_viewed": 1}), "on", None),
        (flags(sampling={"another": 0}), "on", None),
    ],
)
def test_what_is_switched_off_is_dropped_for_its_reason(switched: Flags, fallback: Switch, reason: str | None) -> None:
    """The deployment decides where the flags say nothing; nothing switches on what is off for everybody."""
    assert find_drop(switched, fallback, ORG, "lesson_viewed", EVENT_ID) == reason
    assert reason is None or reason in DROP_REASONS


def test_a_tenth_is_a_tenth_and_always_the_same() -> None:
    """Sampling goes by the event's id: of ids that count upwards too, and an event sent again is judged alike."""
    ids = [UUID(int=number) for number in range(10_000)]
    tenth, fifth = flags(sampling={"n": 0.1}), flags(sampling={"n": 0.2})
    kept = {each for each in ids if find_drop(tenth, "on", ORG, "n", each) is None}
    assert 900 < len(kept) < 1100
    assert kept == {each for each in ids if find_drop(tenth, "on", uuid4(), "n", each) is None}
    assert kept < {each for each in ids if find_drop(fifth, "on", ORG, "n", each) is None}


class Parameter:
    """A parameter that can be changed, or be away, and a clock."""

    def __init__(self) -> None:
        self.text: str | None = None
        self.away = False
        self.asked = 0
        self.seconds = 0.0
        self.troubles: list[str] = []
        self.watch = FlagReader(self.read, lambda: self.seconds, self.troubles.append)

    def read(self) -> str | None:
        """Answer as the parameter store would."""
        self.asked += 1
        if self.away:
            raise ParameterUnavailable
        return self.text

    def after_a_while(self) -> Flags:
        """Return the flags as they are once they are read again."""
        self.seconds += AGE_MAX_SECONDS
        return self.watch.current()


@pytest.fixture
def parameter() -> Parameter:
    return Parameter()


def test_flags_are_read_again_every_quarter_of_a_minute(parameter: Parameter) -> None:
    """A change is in force without a deployment; between two readings there is no request."""
    assert parameter.watch.current() == Flags()
    parameter.text = '{"emit": "off"}'
    parameter.seconds += AGE_MAX_SECONDS - 1
    assert parameter.watch.current() == Flags()
    assert parameter.asked == 1
    parameter.seconds += 1
    assert parameter.watch.current().emit == "off"
    parameter.text = None
    assert parameter.after_a_while() == Flags()
    assert parameter.troubles == []


@pytest.mark.parametrize(
    "text",
    ["", "nonsense", "[]", '{"emit": "maybe"}', '{"emmit": "off"}', '{"sampling": {"n": 1.1}}',
     '{"sampling": {"n": "NaN"}}', '{"organisations": {"acme": {}}}', '{"organisations": {"' + str(ORG) + '": 1}}'],
)  # fmt: skip
def test_what_makes_no_sense_changes_nothing_and_is_told(parameter: Parameter, text: str) -> None:
    """A slip of somebody on call neither starts nor stops anything."""
    parameter.text = '{"emit": "off"}'
    parameter.watch.current()
    parameter.text = text
    assert parameter.after_a_while().emit == "off"
    assert parameter.troubles == ["flags_invalid"]


def test_a_store_that_is_away_changes_nothing_and_is_told(parameter: Parameter) -> None:
    """At first there are no flags, so the deployment decides; later the last ones stay."""
    parameter.away = True
    assert parameter.watch.current() == Flags()
    parameter.away, parameter.text = False, '{"emit": "off"}'
    parameter.after_a_while()
    parameter.away = True
    assert parameter.after_a_while().emit == "off"
    assert parameter.troubles == ["flags_unavailable"] * 2
