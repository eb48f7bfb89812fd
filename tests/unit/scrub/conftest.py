"""A scrubber with the default policy."""

import pytest
from rollcall.domain.keyring import Keyring
from rollcall.domain.scrub.policy import default_policy
from rollcall.domain.scrub.pseudonym import Pseudonymiser
from rollcall.domain.scrub.scrubber import Scrubber

from tests.builders import ORG

SECRETS = {"k1": "a secret of more than 32 characters, of old", "k2": "a secret of more than 32 characters, in use"}


@pytest.fixture(scope="session")
def keyring() -> Keyring:
    return Keyring("k2", SECRETS)


@pytest.fixture(scope="session")
def pseudonymiser(keyring: Keyring) -> Pseudonymiser:
    return Pseudonymiser(keyring, ORG)


@pytest.fixture(scope="session")
def scrubber(pseudonymiser: Pseudonymiser) -> Scrubber:
    return Scrubber(default_policy(), pseudonymiser)
