"""Builds the parts of the functions that deal with dead letters."""

from functools import cache

from rollcall.cloud.objects import Objects
from rollcall.edge import settings, wiring, wiring_analytics
from rollcall.flows.bury import Bury


@cache
def archive() -> Objects:
    """Return the archive of dead letters' bodies."""
    return Objects(settings.current().need("archive_bucket"))


@cache
def bury() -> Bury:
    """Return the flow that buries."""
    return Bury(archive(), wiring.burial_store(), wiring_analytics.scrubbing_of, wiring.now)
