"""Database survives what databases do: killed connections, restarts, rotated passwords, timeouts, deadlocks."""

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from rollcall.errors import StoreUnavailable
from rollcall.store.connection import CONFLICT_TRIES, Database, DatabaseAddress

from tests.postgres import Cluster, ScratchDatabase

ANSWER_MAX_SECONDS = 3


@pytest.fixture
def scratch(spare: Cluster) -> Iterator[ScratchDatabase]:
    """A database on the cluster that tests may stop."""
    database = spare.create_database()
    yield database
    database.drop()


class Keyring:
    """Credentials that can be rotated, and count how often they were asked for."""

    def __init__(self, username: str, password: str) -> None:
        self.username, self.password, self.asked = username, password, 0

    def __call__(self) -> tuple[str, str]:
        """Return the credentials of this moment."""
        self.asked += 1
        return self.username, self.password


@pytest.fixture
def keyring(scratch: ScratchDatabase) -> Iterator[Keyring]:
    """The credentials of a role of its own."""
    scratch.execute("create role visitor login password 'first'")
    yield Keyring("visitor", "first")
    scratch.execute("drop owned by visitor; drop role visitor")


@pytest.fixture
def database(scratch: ScratchDatabase, keyring: Keyring) -> Iterator[Database]:
    """The database, as a function reaches it."""
    known = conninfo_to_dict(scratch.conninfo)
    address = DatabaseAddress(str(known["host"]), int(str(known["port"])), scratch.name, "prefer", keyring)
    with closing(Database(address)) as opened:
        yield opened


def backend_of(database: Database) -> int:
    """Call something, and return which process answered."""
    (pid,) = database.run("select pg_backend_pid()")
    return int(pid)


def test_nothing_connects_before_the_first_call(database: Database, keyring: Keyring) -> None:
    """Making the object costs nothing; the connection is opened once and then reused."""
    assert keyring.asked == 0
    assert backend_of(database) == backend_of(database)
    assert keyring.asked == 1


def test_a_connection_killed_between_calls_is_replaced(scratch: ScratchDatabase, database: Database) -> None:
    """The next call works, on another backend."""
    first = backend_of(database)
    scratch.execute(f"select pg_terminate_backend({first}, 5000)")
    assert backend_of(database) != first


def test_a_statement_limit_of_ones_own_ends_the_work_too(scratch: ScratchDatabase, keyring: Keyring) -> None:
    """The server gives up before its client does, and the session keeps nothing of the limit."""
    known = conninfo_to_dict(scratch.conninfo)
    address = DatabaseAddress(str(known["host"]), int(str(known["port"])), scratch.name, "prefer", keyring)
    with closing(Database(address, 30, 0.2)) as hurried:
        assert hurried.run("select current_setting('statement_timeout')") == ("200ms",)
        with pytest.raises(StoreUnavailable):
            hurried.run("select pg_sleep(%s)", (20,))
        running = "select count(*) from pg_stat_activity where usename = 'visitor' and state = 'active'"
        assert scratch.rows(running) == [(0,)]
        assert hurried.run("select 7") == (7,)


def test_a_connection_killed_during_a_call_is_replaced_too(scratch: ScratchDatabase, database: Database) -> None:
    """A reused connection that dies in the middle of a statement gets one fresh try: the calls are idempotent."""
    first = backend_of(database)
    answers: list[tuple[object, ...]] = []
    call = threading.Thread(
        target=lambda: answers.append(
            database.run(f"select pg_backend_pid(), pg_sleep(case pg_backend_pid() when {first} then 60 end)")
        )
    )
    call.start()
    await_query(scratch, first, "pg_sleep")
    scratch.execute(f"select pg_terminate_backend({first}, 5000)")
    call.join()
    assert answers[0][0] != first


def await_query(scratch: ScratchDatabase, pid: int, text: str) -> None:
    """Wait until this backend runs a statement with this text."""
    deadline = time.monotonic() + 10
    query = "select from pg_stat_activity where pid = %s and state = 'active' and query like %s"
    while not scratch.rows(query, (pid, f"%{text}%")):
        assert time.monotonic() < deadline, "the statement never ran"


def test_a_stopped_server_is_told_at_once_and_a_started_one_found_again(spare: Cluster, database: Database) -> None:
    """Given a stopped server, each call raises StoreUnavailable within 3 s; restarted, the same object works."""
    first = backend_of(database)
    spare.server.stop("immediate")
    try:
        for _ in range(2):
            started = time.monotonic()
            with pytest.raises(StoreUnavailable):
                backend_of(database)
            assert time.monotonic() - started < ANSWER_MAX_SECONDS
    finally:
        spare.server.start(spare.port)
    assert backend_of(database) != first


def test_a_server_that_never_answers_is_told_in_time(keyring: Keyring) -> None:
    """Given an address that accepts and then says nothing, the connect timeout ends the call within 3 s."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = DatabaseAddress("127.0.0.1", silent.getsockname()[1], "any", "disable", keyring)
        started = time.monotonic()
        with closing(Database(address)) as database, pytest.raises(StoreUnavailable):
            database.run("select 1")
        assert time.monotonic() - started < ANSWER_MAX_SECONDS


def test_a_server_that_falls_silent_during_a_call_is_told_in_time(database: Database) -> None:
    """Given a server that is frozen in the middle of a call, which keeps no limit of its own: ours ends the call."""
    impatient = Database(database._address, answer_timeout_seconds=0.5)
    frozen = backend_of(impatient)
    try:
        os.kill(frozen, signal.SIGSTOP)
        started = time.monotonic()
        with pytest.raises(StoreUnavailable):
            backend_of(impatient)
        assert time.monotonic() - started < ANSWER_MAX_SECONDS
        assert backend_of(impatient) != frozen
    finally:
        os.kill(frozen, signal.SIGCONT)
        impatient.close()


def test_a_wrong_password_is_the_store_unavailable(database: Database, keyring: Keyring) -> None:
    """After a rotation the function's password is old: the batch waits in the spool, and is no bad request."""
    keyring.password = "wrong"
    with pytest.raises(StoreUnavailable):
        backend_of(database)
    keyring.password = "first"
    assert backend_of(database)


def test_a_rotated_password_is_picked_up_at_the_next_opening(
    scratch: ScratchDatabase, database: Database, keyring: Keyring
) -> None:
    """Credentials are asked for at each opening, so a rotation needs no restart."""
    first = backend_of(database)
    scratch.execute("alter role visitor password 'second'")
    keyring.password = "second"
    scratch.execute(f"select pg_terminate_backend({first}, 5000)")

    assert backend_of(database) != first
    assert keyring.asked == 2


def test_credentials_that_cannot_be_had_are_the_store_unavailable(scratch: ScratchDatabase) -> None:
    """What the credentials raise comes through, and the next call asks again."""
    asked = []

    def refuse() -> tuple[str, str]:
        asked.append(1)
        raise StoreUnavailable

    with closing(Database(DatabaseAddress("127.0.0.1", 1, "any", "disable", refuse))) as database:
        for _ in range(2):
            with pytest.raises(StoreUnavailable):
                database.run("select 1")
    assert len(asked) == 2


def test_a_statement_over_its_time_is_the_store_unavailable(scratch: ScratchDatabase, database: Database) -> None:
    """The role's statement_timeout ends a call that takes too long, once, and the next call works."""
    scratch.execute("alter role visitor set statement_timeout = '100ms'")
    started = time.monotonic()
    with pytest.raises(StoreUnavailable):
        database.run("select pg_sleep(60)")
    assert time.monotonic() - started < ANSWER_MAX_SECONDS
    assert backend_of(database)


def test_a_database_that_only_reads_is_the_store_unavailable(scratch: ScratchDatabase, database: Database) -> None:
    """After a failover the name may lead to a reader: the call is for the spool, and the connection is let go."""
    scratch.execute("create table written (line text); grant insert on written to visitor")
    scratch.execute("alter role visitor set default_transaction_read_only = on")
    first = backend_of(database)
    with pytest.raises(StoreUnavailable):
        database.run("insert into written values ('x') returning line")
    assert backend_of(database) != first


def test_a_fault_of_ours_is_not_hidden_as_an_outage(database: Database) -> None:
    """A missing procedure is an error to be seen: spooling would only put it off."""
    with pytest.raises(psycopg.errors.UndefinedFunction):
        database.run("select rollcall_does_not_exist()")
    assert backend_of(database)


def test_a_broken_rule_of_a_table_is_not_tried_again(scratch: ScratchDatabase, database: Database) -> None:
    """A named check refuses the same row every time: it is raised at once, as what it is."""
    scratch.execute("""
        create sequence tries;
        create table checked (number bigint default nextval('tries') check (number < 0));
        grant insert, select on checked to visitor;
        grant usage on sequence tries to visitor;
    """)
    with pytest.raises(psycopg.errors.CheckViolation):
        database.run("insert into checked default values returning number")
    assert scratch.rows("select last_value from tries") == [(1,)]


def test_a_deadlock_is_tried_again(scratch: ScratchDatabase, keyring: Keyring, database: Database) -> None:
    """Given two calls that take the same locks crosswise, PostgreSQL ends one with 40P01; both succeed in the end."""
    scratch.execute("""
        create sequence tries;
        create function lock_both(p_first bigint, p_second bigint) returns bigint language plpgsql as $$
        begin
            perform pg_advisory_xact_lock(p_first);
            -- Counted once it holds its lock: the first two meet here, each holding what the other wants next.
            perform nextval('tries');
            while (select last_value from tries) < 2 loop
                perform pg_sleep(0.002);
            end loop;
            perform pg_advisory_xact_lock(p_second);
            return p_first;
        end $$;
        grant usage, select on sequence tries to visitor;
        alter role visitor set deadlock_timeout = '50ms';
    """)
    with closing(Database(database._address)) as other:
        answers: list[tuple[object, ...]] = []
        crosswise = threading.Thread(target=lambda: answers.append(other.run("select lock_both(2, 1)")))
        crosswise.start()
        answers.append(database.run("select lock_both(1, 2)"))
        crosswise.join()

    assert sorted(answers) == [(1,), (2,)]
    assert scratch.rows("select last_value from tries") == [(3,)], "one of the two had to try again"


@pytest.mark.parametrize(("failures", "tries"), [(2, 3), (99, CONFLICT_TRIES)])
def test_a_serialization_failure_is_tried_a_few_times(
    scratch: ScratchDatabase, database: Database, failures: int, tries: int
) -> None:
    """A 40001 that passes is not noticed; one that stays is the store unavailable, soon."""
    scratch.execute(f"""
        create sequence tries;
        create function clash() returns bigint language plpgsql as $$
        begin
            if nextval('tries') <= {failures} then
                raise exception using errcode = '40001';
            end if;
            return currval('tries');
        end $$;
        grant usage on sequence tries to visitor;
    """)
    if failures < CONFLICT_TRIES:
        assert database.run("select clash()") == (tries,)
    else:
        with pytest.raises(StoreUnavailable):
            database.run("select clash()")
    assert scratch.rows("select last_value from tries") == [(tries,)]
