"""apps.toml: what it declares, what is refused with which sentence, that its apps are locked, and its export."""

import pytest

from tests import factories
from tests.forward_auth.admin_pages import PAGES, admin_of, by_json, page_of
from tests.forward_auth.proxy import OWN_HOST, proxied
from webapp.core.db import Database
from webapp.forward_auth import app_file, declared_apps, lifecycle
from webapp.forward_auth.app_settings import RuleSettings
from webapp.settings import SettingsError

WIKI = '[[app]]\nslug = "wiki"\nhosts = ["wiki.example.org"]\n'
WHOLE = """[[app]]
slug = "wiki"
name = "Our Wiki"
icon = "📚"
owner = "bob"
hosts = ["wiki.example.org", "w.example.org:8443"]
roles = ["admin"]
people = ["bob"]

[[app.rule]]
path = "/admin/*"
methods = ["GET", "POST"]
role = "admin"
level = "phr"
accepts_dpop = true
allows_preflight = true
networks = ["192.0.2.0/24"]

[[app.rule]]
path = "/dav/*"
authorization = "basic"
sends_identity = false

[[app.rule]]
path = "/*"
is_public = true

[[app]]
slug = "notes"
name = "notes"
hosts = ["notes.example.net"]
enabled = false

[[app.rule]]
path = "/*"
"""


@pytest.fixture
def declare(app, tmp_path):
    def declare(text):
        path = tmp_path / app_file.FILE
        path.unlink(missing_ok=True)
        if text is not None:
            path.write_text(text, encoding="utf-8")
        declared_apps.load(factories.database_of(app), tmp_path, OWN_HOST)
        with factories.database_of(app).read() as db:
            return {row.slug: row for row in lifecycle.list_apps(db)}

    return declare


def exported(app):
    with factories.database_of(app).read() as db:
        return app_file.written(db, sorted(lifecycle.list_apps(db), key=lambda row: row.slug, reverse=True))


def test_apps_are_declared_changed_and_disabled_when_they_are_gone(app, declare):
    assert declare(None) == {}
    rows = declare(WHOLE)
    wiki = rows["wiki"]
    assert (wiki.is_declared, wiki.disabled_at, rows["notes"].disabled_at is None) == (True, None, False)
    assert exported(app) == WHOLE
    rows = declare(WIKI)
    assert (rows["wiki"].id, rows["wiki"].name) == (wiki.id, "wiki")
    assert (rows["notes"].is_declared, rows["notes"].disabled_at is None) == (False, False)
    rows = declare(None)
    assert (rows["wiki"].is_declared, rows["wiki"].disabled_at is None) == (False, False)


def test_a_file_that_has_not_changed_writes_nothing(declare, monkeypatch):
    declare(WHOLE)

    def write(_self):
        raise AssertionError

    monkeypatch.setattr(Database, "write", write)
    assert set(declare(WHOLE)) == {"wiki", "notes"}


def test_an_app_that_is_declared_is_locked_on_its_page(app, declare):
    declare(WIKI)
    page, script = admin_of(app).open(page_of(app)).text, by_json(app)
    assert "declared in <code>apps.toml</code>" in page
    assert all(words not in page for words in ("Edit app", "Add rule", "Disable app", "Remove app", "Move up"))
    rule = script.get(page_of(app)).json["rules"][0]["rule_id"]
    edited = {"name": "X", "hosts": "x.example.org"}
    for act, sent in {
        "edit": edited,
        "disable": {},
        "enable": {},
        "remove": {},
        "rules": {"path": "/a"},
        f"rules/{rule}/edit": {"path": "/a"},
        f"rules/{rule}/up": {},
        f"rules/{rule}/down": {},
    }.items():
        answer = script.post(f"{page_of(app)}/{act}", json=sent)
        assert (answer.status_code, answer.json["title"]) == (409, "wiki is declared in a file"), act


def test_somebody_without_an_account_keeps_no_site_from_starting_and_opens_nothing(app, declare, caplog):
    row = declare(WIKI + 'people = ["nobody"]\nowner = "nobody"\n')["wiki"]
    assert (row.people, row.owner_id) == (["00000000-0000-0000-0000-000000000000"], None)
    assert "apps.toml names somebody who has no account" in caplog.text


def test_an_app_of_a_page_is_taken_over(app, declare):
    proxied(app)
    with factories.database_of(app).read() as db:
        former = lifecycle.by_slug(db, "wiki").id
    row = declare(WIKI)["wiki"]
    assert (row.id, row.is_declared) == (former, True)


REFUSED = {
    "x": "cannot be read",
    "[other]": "has only tables [[app]].",
    "app = 1": "has only tables [[app]].",
    "[[app]]": "app 1 needs a slug",
    '[[app]]\nslug = "Wiki"': "app 1 needs a slug",
    '[[app]]\nslug = "wiki"': "wiki needs hosts",
    WIKI + WIKI: "declares wiki twice",
    WIKI + "color = 1": "wiki has an unknown name: color.",
    WIKI + "name = 1": "wiki: name is a text.",
    WIKI + 'enabled = "no"': "wiki: enabled is true or false.",
    WIKI + "people = [1]": "wiki: people is a list of texts.",
    WIKI + 'roles = ["boss"]': "There is no role called boss.",
    WIKI + "rule = [1]": "rules are tables [[app.rule]].",
    WIKI + "[[app.rule]]\nmethod = 1": "rule 1 has an unknown name: method.",
    WIKI + '[[app.rule]]\nis_public = "yes"': "rule 1: is_public is true or false.",
    WIKI + '[[app.rule]]\npath = "x"': "Rule 1: The path is a pattern",
    WIKI + '[[app.rule]]\nlevel = "high"': "Rule 1: The level is empty, aal2 or phr.",
    WIKI + '[[app.rule]]\nauthorization = "none"': "Rule 1: Choose bearer, basic or app for Authorization.",
    '[[app]]\nslug = "x"\nhosts = ["login.example.org"]': "is the host of this site",
    WIKI + '[[app]]\nslug = "x"\nhosts = ["wiki.example.org"]': "x: Another app has the host",
}


@pytest.mark.parametrize(("text", "words"), REFUSED.items())
def test_what_is_wrong_is_one_sentence_and_nothing_is_stored(app, declare, text, words):
    with pytest.raises(SettingsError, match=app_file.FILE) as refused:
        declare(text)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)
    with factories.database_of(app).read() as db:
        assert lifecycle.list_apps(db) == []


def test_the_page_exports_what_declares_the_same(app, declare):
    strange = 'Wiki "\\ — Ü'
    proxied(app, "wiki", RuleSettings(path="/a"), RuleSettings(), name=strange)
    answer = admin_of(app).ask("GET", f"{PAGES}.toml")
    assert answer.mimetype == "application/toml"
    assert "filename=apps.toml" in answer.headers["Content-Disposition"]
    row = declare(answer.text)["wiki"]
    assert (row.name, row.is_declared) == (strange, True)
    assert exported(app) == answer.text
