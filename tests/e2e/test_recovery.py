"""A stack that was killed outright is found, cleaned up and started again, and has lost nothing."""

import os
import re
import signal

import psutil
from playwright.sync_api import Browser, Route

from tests.e2e.browser import LIVE, Console
from tests.e2e.cloud import Cloud
from tests.e2e.console_fakes import have_measured
from tests.e2e.database import Database
from tests.e2e.people import Api, Sent
from workbench.commands.tokens import TokenSigner
from workbench.stack.local import LocalStack
from workbench.stack.state import StackState

TURN = 2  # ends the stack that all other tests use
# What the browser says of connections that were refused, or broken off.
BROKEN_OFF = "ERR_(CONNECTION_(REFUSED|RESET)|EMPTY_RESPONSE)|WebSocket connection to .* failed"
AWAKE_SECONDS = 120  # at most: functions start cold, and the schedule that measures health fires each minute


def test_killed_stack_is_cleaned_up_and_keeps_its_data(
    api: Api, stack: LocalStack, state: StackState, sent: Sent, browser: Browser
) -> None:
    """Emulator and PostgreSQL are killed -9: `up` ends what they left behind, and every accepted event is there.

    A console that was open meanwhile says that it hears nothing, and is live again by itself.
    """
    administrator = api.administrator()
    with Console.of(browser, state.http_url) as console:
        console.sign_in(administrator)
        console.expect_line(LIVE, seconds=AWAKE_SECONDS)
        started = _kill_and_start(api, stack, sent, console)
        token = TokenSigner(started).sign("1", administrator.org_ids, scopes=["admin:read"])
        _lead(console, state.http_url, started.http_url, token)
        have_measured(Cloud(started))
        console.page.evaluate("dispatchEvent(new Event('online'))")  # or it waits for its turn, half a minute at most
        console.expect_line(LIVE, seconds=AWAKE_SECONDS)
        console.forgive(BROKEN_OFF)


def _lead(console: Console, before: str, after: str, token: str) -> None:
    """Lead the page's questions to the API that was started.

    AWS keeps an API's address and the secret of its tokens; an emulator that was killed has forgotten both.
    """

    def answer(route: Route) -> None:
        headers = {**route.request.headers, "authorization": f"Bearer {token}"}
        route.continue_(url=route.request.url.replace(before, after), headers=headers)

    console.page.route(re.compile(re.escape(before)), answer)


def _kill_and_start(api: Api, stack: LocalStack, sent: Sent, console: Console) -> StackState:
    learner = api.learner()
    events = learner.events(10)
    assert learner.send(events).status_code == 200
    emulator, postgres = stack.emulator.pid, stack.postgres.pid
    assert emulator
    assert postgres
    left_behind = psutil.Process(emulator).children(recursive=True)
    assert left_behind
    for pid in (emulator, postgres):
        os.kill(pid, signal.SIGKILL)
    console.expect_line("These numbers are old")

    state = stack.up(print)

    assert not any(process.is_running() for process in left_behind)
    Database(state.dsn).assert_balanced(learner.org_ids, events)
    with Api.at(state.http_url, TokenSigner(state), sent) as again:
        same = again.learner(*learner.org_ids, user_id=learner.user_id)
        assert same.send(events).json()["counts"]["duplicate"] == 10
    return state
