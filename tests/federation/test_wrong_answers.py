"""A provider response with one thing wrong logs nobody in and stores nothing."""

import pytest
from sqlalchemy import text

from tests import factories, restored_site
from tests.browser import Person
from tests.federation.upstream import Upstream, come_back, linked, provided, reached
from tests.federation.wrong_id_tokens import CLAIMS, claims, time, wrong_id_tokens
from tests.federation.wrong_responses import RESPONSES, wrong_responses
from tests.restored_site import copied_browser
from webapp.core.db import Base
from webapp.federation.checks import Check
from webapp.sessions import cookie

COUNTED = {"rate_bucket", "provider_error"}
"""Tables that count, of bounded size."""
LOGIN = "/login/with/acme"
TABLES = sorted(Base.metadata.tables.keys() - COUNTED)


def ada_with_identity(app):
    """Ada, logged in; she has linked an identity of the provider."""
    provided(app, Upstream())
    linked(app, factories.user(app, "ada"))
    person = Person(app)
    person.log_in("ada")
    person.open("/dashboard")
    return person


restored, site = restored_site.fixtures(ada_with_identity)


@pytest.fixture
def upstream(site):
    made = Upstream()
    reached(site, made)
    return made


def rows(app):
    """The number of rows in each table."""
    counts = " UNION ALL ".join(f"SELECT '{name}', count(*) FROM \"{name}\"" for name in TABLES)
    with factories.database_of(app).read() as db:
        return dict(tuple(row) for row in db.execute(text(counts)))


def answer_of(person, upstream, path=LOGIN):
    """What a person sees at the end of a login that fails, wherever that is noticed."""
    answer = person.ask("GET", path)
    if answer.status_code != 303:
        return answer
    return come_back(person, upstream.authorized(answer.headers["Location"]))


@pytest.mark.parametrize(("check", "change"), [*wrong_responses(), *wrong_id_tokens()])
def test_a_wrong_answer_logs_nobody_in(site, upstream, logged, check, change):
    before = rows(site)
    for subject in ("u-1", "u-2"):
        reached(site, upstream)
        upstream.claims["sub"] = subject
        change(upstream)
        person = Person(site)
        answer = answer_of(person, upstream)
        assert answer.status_code == (400 if check is Check.RESPONSE else 502)
        assert f'check="{check.value}"' in logged().splitlines()[-1]
        assert person.ask("GET", "/account").status_code == 303
    assert rows(site) == before


FOR_USERS = {
    **{f"{check}, response": (check, next(iter(rows.values()))) for check, rows in RESPONSES.items()},
    **{f"{check}, ID token": (check, next(iter(rows.values()))) for check, rows in CLAIMS.items()},
}
ONLY_TO_CONFIRM = {
    "auth_time is missing": claims(auth_time=None),
    "auth_time is from before": time("auth_time", -70),
    "auth_time is null": lambda upstream: setattr(upstream, "rewrite", lambda found: found | {"auth_time": None}),
}


@pytest.mark.parametrize("path", ["/login/with/acme/confirm", "/account/identities/link/acme"])
@pytest.mark.parametrize(("check", "change"), FOR_USERS.values(), ids=FOR_USERS)
def test_a_wrong_answer_confirms_nothing_and_links_nothing(restored, upstream, logged, check, change, path):
    fails(restored, upstream, logged, check, change, path)


@pytest.mark.parametrize("change", ONLY_TO_CONFIRM.values(), ids=ONLY_TO_CONFIRM)
def test_a_login_of_before_does_not_confirm(restored, upstream, logged, change):
    fails(restored, upstream, logged, Check.AUTHENTICATION_TIME, change, "/login/with/acme/confirm")


def fails(restored, upstream, logged, check, change, path):
    person = copied_browser(restored.begun)
    before, secret = rows(person.app), session_in(person)
    change(upstream)
    answer = answer_of(person, upstream, path)
    assert answer.status_code in (400, 403, 502)
    assert f'check="{check.value}"' in logged().splitlines()[-1]
    assert rows(person.app) == before
    assert session_in(person) == secret


def session_in(person):
    """The secret of the session in the cookie."""
    return person.app.session_interface.verified(person.app, person.cookie)[cookie.SECRET]
