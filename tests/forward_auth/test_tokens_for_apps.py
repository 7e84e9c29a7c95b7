"""Tokens with the scope ``app:SLUG`` open apps; only those whom an app is for can create them."""

from datetime import UTC, datetime, timedelta

import pytest

from tests import factories
from tests.browser import Person
from tests.forward_auth.proxy import SETTINGS, proxied
from tests.login.scripts import log_in, refresh
from tests.tokens.mint_calls import by_json, mint, token_in
from webapp.accounts import user_queries
from webapp.cli import mint_checks
from webapp.cli.errors import CommandRefused
from webapp.cli.mint_checks import MintOrder
from webapp.credentials.usage_tracker import UsageTracker
from webapp.forward_auth.app_settings import RuleSettings
from webapp.forward_auth.models import AccessGrant, ProxiedApp
from webapp.settings import Settings, SettingsError
from webapp.tokens.scopes import Catalogue
from webapp.web.registry import services_of

WIKI = "https://wiki.example.org/page"
HELD = {"for everybody": True, "for a role of theirs": True, "for them": True, "granted for a time": True}
NOT_HELD = {"for another role": False, "for others": False, "granted until yesterday": False, "disabled": False} | {
    "for sessions only": False,
    "public": False,
}


def person(app, name):
    found = Person(app)
    found.log_in(name)
    return found


def id_of(app, name):
    with factories.database_of(app).read() as db:
        return user_queries.by_name_or_email(db, name).id


def grant(app, name, until):
    with factories.database_of(app).write() as db:
        (found,) = db.query(ProxiedApp).all()
        moment = datetime.now(UTC)
        user_id = id_of(app, name)
        db.add(AccessGrant(user_id=user_id, app_id=found.id, granted_at=moment, expires_at=moment + until))


def arrange(app, case):
    bob = str(id_of(app, "bob"))
    ada = str(id_of(app, "ada"))
    match case:
        case "for everybody" | "disabled":
            proxied(app)
        case "for a role of theirs":
            proxied(app, roles=["user"])
        case "for them":
            proxied(app, people=[bob])
        case "for another role":
            proxied(app, roles=["admin"])
        case "for others":
            proxied(app, people=[ada])
        case "granted for a time" | "granted until yesterday":
            proxied(app, people=[ada])
            grant(app, "bob", timedelta(days=1 if case == "granted for a time" else -1))
        case "for sessions only":
            proxied(app, "wiki", RuleSettings(accepts_tokens=False))
        case "public":
            proxied(app, "wiki", RuleSettings(is_public=True))
    if case == "disabled":
        with factories.database_of(app).write() as db:
            db.query(ProxiedApp).one().disabled_at = datetime.now(UTC)


@pytest.mark.parametrize(("case", "is_held"), (HELD | NOT_HELD).items())
def test_scope_of_an_app_is_for_those_whom_the_app_is_for(app, case, is_held):
    arrange(app, case)
    bob = person(app, "bob")
    page = bob.open("/tokens/new").text
    assert ("Open Wiki with a script." in page, "app:wiki" in page) == (is_held, is_held)
    assert by_json(bob, scopes=["app:wiki"]).status_code == (201 if is_held else 422)
    minted = minted_by_command(app, "bob")
    assert minted is is_held


def minted_by_command(app, name):
    services = services_of(app)
    with factories.database_of(app).read() as db:
        owner, order = (
            user_queries.by_name_or_email(db, name),
            MintOrder(name="script", scopes=["app:wiki"], lifetime=DAY),
        )
        try:
            mint_checks.token_request(db, services.get(Settings), services.get(Catalogue), owner, order)
        except (CommandRefused, mint_checks.click.UsageError):
            return False
        return True


DAY = timedelta(days=1)


def test_token_from_the_page_opens_the_app_and_is_listed_with_it(app, proxy):
    proxied(app, "wiki")
    proxied(app, "notes", hosts=["notes.example.net"])
    bob = person(app, "bob")
    created = mint(bob, scopes="app:wiki", methods="GET")
    assert "Can open Wiki until" in created.text
    assert "https://wiki.example.org/" in created.text
    sent = {"Authorization": f"Bearer {token_in(created)}"}
    assert proxy.check(WIKI, headers=sent).headers["Remote-User"] == "bob"
    refused = proxy.check("https://notes.example.net/", headers=sent)
    assert (refused.status_code, refused.json["code"]) == (403, "scope_required")
    assert proxy.check(WIKI, "DELETE", headers=sent).json["code"] == "token_limited"
    services_of(app).get(UsageTracker).flush()
    assert "GET app:wiki" in bob.open("/tokens").text
    assert bob.ask("GET", "/tokens", headers={"Accept": "application/json"}).json["tokens"][0]["last_used_for"] == (
        "GET app:wiki"
    )


def test_scope_of_an_app_may_demand_a_second_factor_before_there_is_the_app(make_app, app):
    strict = make_app(**SETTINGS, WEBAPP_SECOND_FACTOR_FOR="app:wiki")
    factories.user(strict, "cid")
    proxied(strict, "wiki", RuleSettings(accepts_tokens=False), RuleSettings())
    cid = person(strict, "cid")
    assert (
        cid.open("/forward-auth/start?rd=https://wiki.example.org/").request.path == "/account/security/second-factor"
    )
    with pytest.raises(SettingsError, match="no route has: nothing:read"):
        make_app(**SETTINGS, WEBAPP_SECOND_FACTOR_FOR="nothing:read")


def test_login_by_script_gets_an_app_only_if_it_names_it_and_keeps_it_when_it_refreshes(app):
    proxied(app, "read", people=[str(id_of(app, "bob"))])
    assert "app:read" not in log_in(app, "bob")["scope"].split()
    granted = log_in(app, "bob", scope="app:read")
    assert granted["scope"] == "app:read"
    assert refresh(app, granted["refresh_token"]).json["scope"] == "app:read"
