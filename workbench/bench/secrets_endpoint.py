"""Answers Secrets Manager's GetSecretValue locally, so that the handler runs as deployed."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from workbench.stack.ports import LOOPBACK


@contextmanager
def serve_secrets(secrets: Mapping[str, str]) -> Iterator[str]:
    """Serve these secrets by their ARNs and yield the endpoint's URL."""

    class GetSecretValue(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answer = json.dumps({"SecretString": secrets[request["SecretId"]]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_arguments: object) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer((LOOPBACK, 0), GetSecretValue)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://{LOOPBACK}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
