"""A service on loopback that gives one answer to everything: for what needs no emulator."""

from __future__ import annotations

import contextlib
import json
import threading
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@contextlib.contextmanager
def one_answer(**answer):
    """Yields its URL, and what to answer: `status`, `body`, `date`; `asked` gathers path and key of each request."""
    answer = {"status": 200, "body": {}, "date": None, "asked": []} | answer

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            answer["asked"].append((self.path, self.headers.get("Authorization")))
            body = json.dumps(answer["body"]).encode()
            self.send_response_only(answer["status"])
            if answer["date"] is not None:
                self.send_header("Date", formatdate(answer["date"], usegmt=True))
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self):
            self.do_GET()

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", answer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
