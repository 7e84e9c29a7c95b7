"""Whether a revocation is seen by the very next request in another process: ``python -m tests.bench.revocation``."""

import http.client
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

from tests import factories
from tests.journeys.server import ServedSite, served
from webapp.app import close, create_app
from webapp.core.db import Database
from webapp.settings import Settings
from webapp.tokens import lifecycle
from webapp.web.registry import services_of

TRIES = 1_000


def ask(connection: http.client.HTTPConnection, token: str) -> int:
    connection.request("GET", "/protected", headers={"Authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    answer.read()
    return answer.status


def late(site: ServedSite, tries: int) -> int:
    """How many revoked tokens were let in once more by one of two workers."""
    app = create_app(Settings.from_env(site.environ))
    owner, database = factories.user(app), services_of(app).get(Database)
    # Two connections that are kept, of which each worker has accepted one or the other.
    connections = [http.client.HTTPConnection(urlsplit(site.url).netloc, timeout=10) for _ in range(2)]
    found = 0
    for _ in range(tries):
        issued = factories.api_token(app, owner, "protected:read")
        token_id: UUID = issued.entry.id
        assert [ask(connection, issued.token) for connection in connections] == [200, 200]
        with database.write() as db:
            lifecycle.revoke(db, owner.id, token_id)
        found += sum(ask(connection, issued.token) != 401 for connection in connections)
    close(app)
    return found


def main() -> int:
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as site:
        found = late(site, TRIES)
    print(f"{TRIES} revocations, {2 * TRIES} requests right after: {found} let in")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
