"""Over a limit of its network a public form answers 429 and writes nothing, however often it is sent."""

import pytest
from sqlalchemy import func, select

from tests import factories
from tests.browser import Person
from webapp.accounts.views.request_info import ESTIMATED, REQUESTED
from webapp.audit.models import AuditEvent
from webapp.core.client_network import network_of
from webapp.core.models import RateBucket
from webapp.core.ratelimit import Limiter
from webapp.login.flow import LoginFlow
from webapp.mail.models import OutgoingMail
from webapp.web.registry import services_of

PASSWORD = "umbrella otter lantern 9"


def written(app):
    """Every counter, and how many audit events and mails there are."""
    with factories.database_of(app).read() as db:
        counters = [(row.key, row.hits) for row in db.execute(select(RateBucket.key, RateBucket.hits))]
        return sorted(counters), *(
            db.scalar(select(func.count()).select_from(kind)) for kind in (AuditEvent, OutgoingMail)
        )


@pytest.mark.parametrize(
    ("path", "fields", "limit"),
    [
        ("/forgot", {"username": "ada"}, REQUESTED),
        ("/register", {"username": "eve", "email": "eve@example.org", "password": PASSWORD}, REQUESTED),
        ("/password-strength", {"password": PASSWORD}, ESTIMATED),
        ("/login", {"username": "ada", "password": PASSWORD}, None),
    ],
)
def test_over_the_limit_nothing_is_written(make_app, path, fields, limit):
    app = make_app(WEBAPP_REGISTRATION="open", WEBAPP_SMTP_URL="smtp://127.0.0.1:9")
    factories.user(app, "ada")
    somebody = Person(app)
    somebody.open("/login")
    limit = limit or services_of(app).get(LoginFlow).by_network
    for _ in range(limit.amount):
        services_of(app).get(Limiter).take(limit, network_of(somebody.ip_address))

    token = somebody.csrf_token
    headers = {"X-CSRF-Token": token, "Accept": "application/json"}
    first, before = somebody.ask("POST", path, json=fields, headers=headers), written(app)
    again = [somebody.ask("POST", path, json=fields, headers=headers) for _ in range(5)]
    assert {answer.status_code for answer in (first, *again)} == {429}
    assert written(app) == before
