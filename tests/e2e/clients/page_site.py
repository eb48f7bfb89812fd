"""A website on an origin of its own, whose pages run public clients in a browser."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from workbench.stack.ports import LOOPBACK

FOLDER = Path(__file__).resolve().parent


@dataclass
class PageSite:
    """Serves the clients' packages as files below /node_modules, and pages that a test puts there."""

    port: int
    pages: dict[str, bytes] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        """Its origin, which the stack has to allow."""
        return f"http://{LOOPBACK}:{self.port}"

    def put(self, path: str, html: str) -> str:
        """Serve a page at this path, and return its address."""
        self.pages[path] = html.encode()
        return self.origin + path

    @contextmanager
    def serving(self) -> Iterator[Self]:
        """Serve until the end of the block."""
        handler = type("Handler", (_Handler,), {"owner": self})
        server = ThreadingHTTPServer((LOOPBACK, self.port), handler)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


class _Handler(SimpleHTTPRequestHandler):
    owner: PageSite
    extensions_map = SimpleHTTPRequestHandler.extensions_map | {".mjs": "text/javascript", ".cjs": "text/javascript"}

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, directory=str(FOLDER), **options)

    def do_GET(self) -> None:
        """Answer a page or a file."""
        page = self.owner.pages.get(self.path.split("?")[0])
        if page is None:
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""
