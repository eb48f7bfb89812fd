"""A headless browser on the operations console, and all that it had to complain about."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.e2e.people import Sender

PROGRAMS = ("chromium", "google-chrome", "chromium-browser")
PATIENCE_MS = 30_000  # functions may start cold beside all that else starts here
PHONE_WIDTH = 320
# What a browser says by itself of an answer that is an error: the page shows those as they are meant.
ANSWERED = re.compile(r"Failed to load resource: the server responded with a status of (4\d\d|503)")

LIVE = "Live, over the socket."


def find_browser() -> str:
    """Return the browser's program; skips, saying how to get one, where there is none."""
    found = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if found is None:
        pytest.skip("No chromium and no google-chrome on this machine: `make browser` installs one.")
    return found


@contextmanager
def headless() -> Iterator[Browser]:
    """Start the browser."""
    program = find_browser()
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        # Without a sandbox, since tests may run as root; they open nothing but the stack's own page.
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"], timeout=PATIENCE_MS)
        yield browser
        browser.close()


@dataclass
class Console:
    """The console in a browser's tab. `complaints` are script errors, violations of its policy, and what it logged."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)
    origins: set[str] = field(default_factory=set)

    @classmethod
    @contextmanager
    def of(cls, browser: Browser, http_url: str, **options: Any) -> Iterator[Self]:
        """Open a tab of its own, with nothing of another's in it, and close it without a complaint."""
        context = browser.new_context(reduced_motion="reduce", **options)
        context.set_default_timeout(PATIENCE_MS)
        console = cls(context.new_page(), f"{http_url}/console")
        console._listen()
        yield console
        context.close()
        assert not console.complaints, console.complaints

    def _listen(self) -> None:
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("console", lambda message: self._note(message.type, message.text))
        self.page.on("request", lambda request: self.origins.add(_origin(request.url)))
        self.page.on("websocket", lambda socket: self.origins.add(_origin(socket.url.replace("ws", "http", 1))))

    def _note(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"} and not ANSWERED.match(text):
            self.complaints.append(f"{kind}: {text}")

    def forgive(self, pattern: str) -> None:
        """Leave out complaints about what the test itself took away."""
        self.complaints[:] = [text for text in self.complaints if not re.search(pattern, text)]

    def open(self, view: str = "overview") -> None:
        """Load the page."""
        self.page.goto(f"{self.url}#{view}", timeout=2 * PATIENCE_MS)

    def sign_in(self, sender: Sender, view: str = "overview") -> None:
        """Load the page and sign in with a sender's token."""
        self.open(view)
        self.page.get_by_label("Token", exact=True).fill(sender.token)
        self.page.get_by_role("button", name="Sign in with this token").click()
        expect(self.page.locator("#sign-in")).to_be_hidden()

    def see(self, view: str) -> None:
        """Go to a view, by its link."""
        self.page.locator(f"nav a[href='#{view}']").click()
        expect(self.page.locator(f"#{view}")).to_be_visible()

    def expect_line(self, text: str | re.Pattern[str], seconds: float = PATIENCE_MS / 1000) -> None:
        """Wait until the page says so of where its numbers come from."""
        expect(self.page.locator("#line")).to_contain_text(text, timeout=1000 * seconds)

    def expect_status(self, status: str, seconds: float = PATIENCE_MS / 1000) -> None:
        """Wait until the page shows this status."""
        shown = self.page.locator(f"#status[data-status='{status}']")
        expect(shown).to_be_visible(timeout=1000 * seconds)

    def press(self, *keys: str) -> None:
        """Press keys, one after another."""
        for key in keys:
            self.page.keyboard.press(key)

    def tab_to(self, selector: str, most: int = 60) -> None:
        """Press Tab until this has the focus; fails when it is not to be reached."""
        for _ in range(most):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("wanted => document.activeElement?.matches(wanted) ?? false", selector):
                return
        raise AssertionError(f"Tab does not reach {selector}.")

    def picture(self, name: str, after_seconds: float = 0) -> None:
        """Take a screenshot for docs/how-to/console.md, only where ROLLCALL_PICTURES names a folder."""
        if folder := os.environ.get("ROLLCALL_PICTURES"):
            self.page.wait_for_timeout(1000 * after_seconds)
            self.page.evaluate("scrollTo(0, 0)")
            self.page.screenshot(path=Path(folder) / f"console-{name}.png", animations="disabled")

    @property
    def scroll_width(self) -> int:
        """How wide the page is: more than its window, and it scrolls sideways."""
        return int(self.page.evaluate("document.documentElement.scrollWidth"))


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
