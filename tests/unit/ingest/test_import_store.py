"""What the database can never take of an import is refused, whichever way it says so."""

from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import pytest
from psycopg import errors as pg
from rollcall.errors import StoreRefused, StoreUnavailable
from rollcall.store.ingest.imports import ImportStore

from tests.builders import NOW, ORG, an_event, queued_batch, scrubbed_event


def store_of(fault: Exception) -> ImportStore:
    def call(*_given: Any, **_named: Any) -> Any:
        raise fault

    return ImportStore(cast("Any", SimpleNamespace(call=call)))


@pytest.mark.parametrize(
    "fault",
    [
        pg.NumericValueOutOfRange("a value"),
        pg.UntranslatableCharacter("a value"),
        pg.NotNullViolation("a value"),
        pg.ProgramLimitExceeded("a value"),
        pg.StatementTooComplex("a value"),
        UnicodeEncodeError("utf-8", "a value", 0, 1, "surrogates not allowed"),
    ],
    ids=lambda fault: type(fault).__name__,
)
def test_content_that_can_never_be_stored_is_refused(fault: Exception) -> None:
    """And nothing of it is quoted."""
    store = store_of(fault)
    with pytest.raises(StoreRefused) as progress:
        store.import_progress("somebody", ORG, [an_event(ORG)], NOW)
    with pytest.raises(StoreRefused) as analytics:
        store.import_analytics(queued_batch(uuid4(), scrubbed_event()))
    assert "a value" not in f"{progress.value}{analytics.value}"


def test_a_database_that_is_away_refuses_nothing() -> None:
    """The same lines are sent again."""
    with pytest.raises(StoreUnavailable):
        store_of(StoreUnavailable()).import_progress("somebody", ORG, [an_event(ORG)], NOW)
