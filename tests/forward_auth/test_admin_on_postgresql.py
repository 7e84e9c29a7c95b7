"""Proxied apps on PostgreSQL: pages, counts and previews, and two changes of one app at once, of which none is lost."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests import factories
from tests.forward_auth.admin_pages import by_json, page_of
from tests.forward_auth.proxy import SETTINGS, Proxied, proxied
from webapp.app import close, create_app
from webapp.cli import schema
from webapp.cli.context import CommandContext
from webapp.forward_auth import count_store
from webapp.forward_auth.check_counter import CheckCounter
from webapp.testing import quickened
from webapp.web.registry import services_of

pytestmark = pytest.mark.xdist_group("races")
WIKI = "https://wiki.example.org"


@pytest.fixture
def app(tmp_path, postgresql):
    named = {"WEBAPP_INSTANCE": str(tmp_path / "instance"), "WEBAPP_DATABASE_URL": postgresql("proxied_apps")}
    settings = CommandContext(named | SETTINGS).settings
    schema.upgrade(settings)
    made = quickened(create_app(settings))
    factories.user(made, "ada", role="admin")
    yield made
    close(made)


def test_rules_counts_and_two_changes_at_once(app):
    proxied(app)
    proxy = Proxied(app)
    proxy.log_in(f"{WIKI}/page")
    services_of(app).get(CheckCounter).flush()
    proxy.check(f"{WIKI}/page")
    found = by_json(app).get(page_of(app)).json
    assert (found["allowed"], found["refused"]) == (2, 1)
    assert by_json(app).get(f"{page_of(app)}/test?url=/page&person=ada").json["allowed"] is True

    callers = [by_json(app) for _number in range(4)]

    def add_rule(number):
        answer = callers[number].post(f"{page_of(app)}/rules", json={"path": f"/{number}/*", "level": "aal2"})
        return answer.status_code

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(add_rule, range(4))) == [200] * 4
    assert len(by_json(app).get(page_of(app)).json["rules"]) == 5
    sent = {"path": "/page", "level": "aal2", "preview": True}
    assert by_json(app).post(f"{page_of(app)}/rules", json=sent).json["effects"]["refused"] == 2
    with factories.database_of(app).write() as db:
        assert count_store.purge(db) == 0
