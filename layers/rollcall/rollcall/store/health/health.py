"""Calls the procedures that measure health, and probes whether the database answers."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from rollcall.contracts.health.health import OrganisationHealth, OrgEnforcement
from rollcall.contracts.jobs.job import QueueWaits
from rollcall.errors import StoreUnavailable
from rollcall.store.connection import Database

# As for ingest (store.connection.AWAY): a reader that a failover left behind counts as away.
PROBE = "select not pg_is_in_recovery() and current_setting('transaction_read_only') = 'off'"


class HealthStore:
    """Measures the whole deployment, in numbers only. Each call raises StoreUnavailable.

    `probes` is a connection of its own, with a short timeout: a slow measurement does not hide whether the database
    answers.
    """

    def __init__(self, database: Database, probes: Database) -> None:
        self._database = database
        self._probes = probes

    def probe(self) -> None:
        """Return once the database has answered, and takes writes."""
        (takes_writes,) = self._probes.run(PROBE)
        if not takes_writes:
            # The name may lead to another server by now.
            self._probes.close()
            raise StoreUnavailable("It can only be read.")

    def count_connections(self) -> tuple[int, int]:
        """Return how many connections clients have open, and how many the server takes."""
        count, limit = self._database.call("count_connections_v1", "connection_count, connection_limit")
        return int(count), int(limit)

    def measure_waits(self, window: timedelta, ticket: timedelta) -> QueueWaits:
        """Return what is known of messages' ages: of batches loaded within the window, of tickets given for so long."""
        (measured,) = self._database.call("measure_waits_v1", p_window=window, p_ticket=ticket)
        return QueueWaits.model_validate(measured)

    def check_enforcement(self) -> OrgEnforcement:
        """Return whether row-level security separates organisations, from the database's catalog."""
        (found,) = self._database.call("check_enforcement_v1")
        return OrgEnforcement(is_enforced=not found["gaps"], **found)

    def measure_organisations(self, org_ids: Sequence[UUID], window: timedelta) -> list[OrganisationHealth]:
        """Return the health of these organisations' events, in the order of the argument; counts are of the window."""
        (measured,) = self._database.call("measure_organisations_v1", p_org_ids=list(org_ids), p_window=window)
        return [_organisation(row) for row in measured]


def _organisation(row: dict[str, object]) -> OrganisationHealth:
    waits = row.pop("oldest_waits_seconds")
    return OrganisationHealth.model_validate(row | {"lag_ms": None if waits is None else 1000 * float(str(waits))})
