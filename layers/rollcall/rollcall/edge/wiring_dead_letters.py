"""Builds the parts of the functions that deal with dead letters."""

from functools import cache

from rollcall.edge import wiring, wiring_analytics, wiring_operations
from rollcall.flows.bury import Bury


@cache
def bury() -> Bury:
    """Return the flow that buries."""
    return Bury(wiring_operations.archive_objects(), wiring.burial_store(), wiring_analytics.scrubbing_of, wiring.now)
