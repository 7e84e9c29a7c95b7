"""A provider response with one thing wrong logs nobody in and stores nothing."""

import pytest
from sqlalchemy import func, select

from tests import factories
from tests.browser import Person
from tests.conftest import copied
from tests.federation.upstream import Upstream, come_back, linked, provided, reached
from tests.federation.wrong_id_tokens import CLAIMS, claims, time, wrong_id_tokens
from tests.federation.wrong_responses import RESPONSES, wrong_responses
from webapp.app import close
from webapp.core.db import Base
from webapp.core.ratelimit import Limiter
from webapp.federation.checks import Check
from webapp.sessions import cookie
from webapp.testing import build
from webapp.web.registry import services_of

COUNTED = {"rate_bucket", "provider_error"}
"""Tables that count, of bounded size."""
LOGIN = "/login/with/acme"
TABLES = sorted(Base.metadata.tables.keys() - COUNTED)


@pytest.fixture(scope="module")
def site(migrated):
    """A site with a provider, an identity of which Ada has linked."""
    with copied(migrated) as instance:
        app = build(instance)
        provided(app, Upstream())
        linked(app, factories.user(app, "ada"))
        yield app
        close(app)


@pytest.fixture
def upstream(site):
    made = Upstream()
    reached(site, made)
    services_of(site).get(Limiter).reset()
    return made


def rows(app):
    """The number of rows in each table."""
    with factories.database_of(app).read() as db:
        return {name: db.scalar(select(func.count()).select_from(Base.metadata.tables[name])) for name in TABLES}


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
def test_a_wrong_answer_confirms_nothing_and_links_nothing(site, upstream, logged, check, change, path):
    fails(site, upstream, logged, check, change, path)


@pytest.mark.parametrize("change", ONLY_TO_CONFIRM.values(), ids=ONLY_TO_CONFIRM)
def test_a_login_of_before_does_not_confirm(site, upstream, logged, change):
    fails(site, upstream, logged, Check.AUTHENTICATION_TIME, change, "/login/with/acme/confirm")


def fails(site, upstream, logged, check, change, path):
    person = Person(site)
    person.log_in("ada")
    before, secret = rows(site), session_in(person)
    change(upstream)
    answer = answer_of(person, upstream, path)
    assert answer.status_code in (400, 403, 502)
    assert f'check="{check.value}"' in logged().splitlines()[-1]
    assert rows(site) == before
    assert session_in(person) == secret


def session_in(person):
    """The secret of the session in the cookie."""
    return person.app.session_interface.verified(person.app, person.cookie)[cookie.SECRET]
