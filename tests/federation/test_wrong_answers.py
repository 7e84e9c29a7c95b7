"""A provider that does one thing wrong at a time gets nobody in, and leaves nothing behind."""

import pytest
from sqlalchemy import func, select

from tests import factories
from tests.browser import Person
from tests.conftest import copied
from tests.federation.upstream import Upstream, come_back, linked, provided, reached
from tests.federation.wrong_id_tokens import wrong_id_tokens
from tests.federation.wrong_responses import wrong_responses
from webapp.app import close
from webapp.core.db import Base
from webapp.core.ratelimit import Limiter
from webapp.federation.checks import Check
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
