"""Builds the scrubbing of an organisation's events: policies and keys."""

import time
from functools import cache, lru_cache
from uuid import UUID

from rollcall.domain.keyring import Keyring
from rollcall.domain.scrub.policy import Policy
from rollcall.domain.scrub.pseudonym import Pseudonymiser
from rollcall.domain.scrub.scrubber import Scrubber
from rollcall.edge.runtime import settings
from rollcall.edge.wiring import environment
from rollcall.errors import ParameterUnavailable, PolicyUnavailable
from rollcall.flows.scrub.catalogues import Catalogues
from rollcall.flows.scrub.events import Scrubbing
from rollcall.flows.scrub.policies import Policies
from rollcall.store.scrub import CatalogueStore

SCRUBBINGS_KEPT = 256  # organisations


def pseudonymiser_of(org_id: UUID) -> Pseudonymiser:
    """Return the maker of an organisation's pseudonyms; raises KeysUnavailable."""
    return Pseudonymiser(keyring(), org_id)


def keyring() -> Keyring:
    """Return the keyring for pseudonyms; raises KeysUnavailable."""
    return environment.keyring()


@cache
def policies() -> Policies:
    """Return the policies of organisations."""
    return Policies(environment.parameters().read, settings.current().need("policy_parameter_prefix"), time.monotonic)


def write_policy(org_id: UUID, text: str) -> None:
    """Set an organisation's additions to its policy; raises PolicyUnavailable."""
    try:
        environment.parameters().write(policies().name_of(org_id), text)
    except ParameterUnavailable as fault:
        raise PolicyUnavailable from fault


def scrubbing_of(org_id: UUID, policy: Policy | None = None) -> Scrubbing:
    """Return the scrubbing of an organisation's events, by its own policy or by the one given to try.

    Raises KeysUnavailable, PolicyUnavailable.
    """
    catalogue = catalogues().ids_of(org_id)
    return _scrubbing(org_id, policy or policies().policy_of(org_id), catalogue, environment.keyring_text())


def scrubbing_at_once(org_id: UUID) -> Scrubbing:
    """Return the scrubbing of an organisation's events by its policy as stored now, not as cached.

    Raises KeysUnavailable, PolicyUnavailable.
    """
    _, policy = policies().read(org_id)
    return _scrubbing(org_id, policy, catalogues().ids_of(org_id, at_once=True), environment.keyring_text())


@lru_cache(maxsize=SCRUBBINGS_KEPT)
def _scrubbing(org_id: UUID, policy: Policy, catalogue: frozenset[str], keyring_text: str) -> Scrubbing:
    pseudonymiser = Pseudonymiser(Keyring.read(keyring_text), org_id)
    return Scrubbing(Scrubber(policy, pseudonymiser, catalogue), pseudonymiser, policy)


@cache
def catalogue_store() -> CatalogueStore:
    """Return the store of course catalogues."""
    return CatalogueStore(environment.database())


@cache
def catalogues() -> Catalogues:
    """Return the course catalogues of organisations."""
    return Catalogues(catalogue_store().read_catalogue, time.monotonic)
