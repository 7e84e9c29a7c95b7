"""Keys as a site publishes them: somewhere to fetch them from, and a verifier that was given them."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.core.forged_tokens import AUDIENCE, ISSUER, NOON, RING
from webapp.core.key_material import private_pem
from webapp.core.keys import ConfiguredRing
from webapp.core.signing_keys import generate
from webapp.verify import PublishedKeys, Verifier

JWKS = json.dumps(RING.jwks()).encode()
NEXT = ConfiguredRing(private_pem(generate("ES256", NOON).private), algorithm="ES256")


class Site(ThreadingHTTPServer):
    """Somewhere that publishes keys, and counts who asks; whoever comes while the gate is shut waits before it."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Page)
        self.fetches, self.answer, self.status, self.sent = 0, JWKS, 200, {}
        self.gate = threading.Event()
        self.gate.set()
        self.url = f"http://127.0.0.1:{self.server_port}/jwks.json"


class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        site = self.server
        site.fetches += 1
        site.gate.wait(20)
        self.send_response(site.status)
        for name, value in ({"Content-Length": str(len(site.answer))} | site.sent).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(site.answer)

    def log_message(self, *_):
        pass


@contextmanager
def published():
    with Site() as site:
        thread = threading.Thread(target=site.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield site
        finally:
            site.shutdown()
            thread.join()


def verifier(keys=JWKS):
    return Verifier(ISSUER, audience=AUDIENCE, keys=PublishedKeys(ISSUER, fetch=lambda _: keys).find)
