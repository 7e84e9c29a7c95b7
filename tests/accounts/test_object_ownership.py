"""Every URL with an id answers 404 for objects of other users, as page and JSON, as for ids that never existed."""

import re
from itertools import cycle
from uuid import UUID, uuid4

import pytest
from flask import Flask

from tests import factories
from tests.accounts.owned_objects import JSON, OWN
from tests.prepared_states import same_client, with_csrf_token
from tests.second_factors import NAMED
from tests.tables import contents
from webapp.guard.routes import routes
from webapp.testing import HeaderClient, as_user, with_token
from webapp.web.known_fields import known_names

# A link's secret is what lets one in; one that is nobody's is no address.
SECRETS = {
    # The name of a provider, which stands on the login page.
    "/account/identities/link/<slug>",
    "/login/with/<slug>",
    "/login/with/<slug>/account",
    "/login/with/<slug>/backchannel-logout",
    "/login/with/<slug>/callback",
    "/login/with/<slug>/confirm",
    "/login/with/<slug>/link",
    "/login/with/<slug>/link/discard",
    "/account/email/confirm/<secret>",
    "/account/email/undo/<secret>",
    "/not-me/<secret>",
    "/not-me/token/<secret>",
    "/register/<secret>",
    "/reset/<secret>",
    "/setup/<secret>",
    "/verify/<secret>",
}
# For those who look after others: nobody else learns whether it is there.
OF_ADMINS = {
    "/admin/clients/<uuid:client_id>",
    "/admin/clients/<uuid:client_id>/disable",
    "/admin/clients/<uuid:client_id>/edit",
    "/admin/clients/<uuid:client_id>/enable",
    "/admin/clients/<uuid:client_id>/remove",
    "/admin/clients/<uuid:client_id>/secret",
    "/admin/clients/<uuid:client_id>/test",
    "/admin/clients/<uuid:client_id>/test/callback",
    "/admin/clients/logouts/<uuid:notice_id>/retry",
    "/admin/clients/registration/<uuid:token_id>/revoke",
    "/admin/identity-providers/<uuid:provider_id>",
    "/admin/identity-providers/<uuid:provider_id>/disable",
    "/admin/identity-providers/<uuid:provider_id>/edit",
    "/admin/identity-providers/<uuid:provider_id>/enable",
    "/admin/identity-providers/<uuid:provider_id>/remove",
    "/admin/identity-providers/<uuid:provider_id>/rules",
    "/admin/identity-providers/<uuid:provider_id>/rules/remove",
    "/admin/identity-providers/<uuid:provider_id>/rules/test",
    "/admin/identity-providers/<uuid:provider_id>/rules/up",
    "/admin/identity-providers/<uuid:provider_id>/test",
    "/admin/identity-providers/<uuid:provider_id>/up",
    "/admin/invitations/<uuid:invitation_id>/revoke",
    "/admin/mail/<uuid:mail_id>/retry",
    "/admin/proxied-apps/<uuid:app_id>",
    "/admin/proxied-apps/<uuid:app_id>/disable",
    "/admin/proxied-apps/<uuid:app_id>/edit",
    "/admin/proxied-apps/<uuid:app_id>/enable",
    "/admin/proxied-apps/<uuid:app_id>/remove",
    "/admin/proxied-apps/<uuid:app_id>/rules",
    "/admin/proxied-apps/<uuid:app_id>/test",
    "/admin/proxied-apps/<uuid:app_id>/rules/<uuid:rule_id>/down",
    "/admin/proxied-apps/<uuid:app_id>/rules/<uuid:rule_id>/edit",
    "/admin/proxied-apps/<uuid:app_id>/rules/<uuid:rule_id>/remove",
    "/admin/proxied-apps/<uuid:app_id>/rules/<uuid:rule_id>/up",
    "/admin/roles/<name>",
    "/admin/roles/<name>/edit",
    "/admin/roles/<name>/remove",
    "/admin/users/<uuid:user_id>",
    "/admin/users/<uuid:user_id>/<act>",
    "/admin/users/<uuid:user_id>/<kind>/<uuid:credential_id>/end",
    "/admin/users/<uuid:user_id>/delete",
    "/admin/users/<uuid:user_id>/disable",
    "/admin/users/<uuid:user_id>/enable",
    "/admin/users/<uuid:user_id>/end-sessions",
    "/admin/users/<uuid:user_id>/hand-over",
    "/admin/users/<uuid:user_id>/identities/<uuid:identity_id>/unlink",
    "/admin/users/<uuid:user_id>/reset-factors",
    "/admin/users/<uuid:user_id>/reset-link",
    "/admin/users/<uuid:user_id>/role",
    "/admin/users/<uuid:user_id>/tokens/new",
    "/admin/users/<uuid:user_id>/unlock",
}
READ_BY_TOKENS = {"/tokens/<uuid:token_id>", "/account/service-accounts/<uuid:user_id>"}
OF_EVERYBODY = {
    "/account/app-access/<slug>/ask",
    "/login/with/<slug>/logged-out",
    "/.well-known/oauth-authorization-server/<path:below>",
    "/.well-known/openid-configuration/<path:below>",
    "/problems/<slug>",
    "/static/<version>/<path:filename>",
}


@pytest.fixture
def site(make_app) -> Flask:
    return make_app(**NAMED, WEBAPP_TRUST_BROWSERS="true", WEBAPP_REGISTRATION="open")


def methods_of(app: Flask, path: str) -> list[str]:
    return [method for route in routes(app) if route.path == path for method in route.methods]


def filled(path: str, value: object) -> str:
    """With one value, or one after the other, in the place of what stands in angles; an act or a kind is one that there
    is."""
    values = cycle(value if isinstance(value, tuple) else (value,))
    path = path.replace("<act>", "role").replace("<kind>", "sessions")
    return re.sub(r"<[^>]*>", lambda _found: str(next(values)), path)


def answers(caller: HeaderClient, method: str, path: str) -> list[tuple[int, str]]:
    """As a page and as JSON, with nothing that would fit and with something that might."""
    endpoint, _ = caller.application.url_map.bind("").match(path, method=method)
    known = known_names(caller.application.view_functions[endpoint]).fields or ()
    filled_in = {name: value for name, value in SENT.items() if name in known}
    as_page = [caller.open(path, method=method, data={} if method == "POST" else None)]
    bodies = ({}, filled_in) if method == "POST" else (None,)
    as_json = [caller.open(path, method=method, headers=JSON, json=body) for body in bodies]
    return [(answer.status_code, answer.mimetype) for answer in as_page + as_json]


SENT = {"name": "x", "reason": "because", "role": "user", "description": "x", "overlap": "0", "scopes": []}
GONE = {(404, "text/html"), (404, "application/problem+json")}


def test_every_url_with_an_id_is_in_the_table(app):
    """A new one is to be entered, and shown to be nobody else's."""
    found = {route.path for route in routes(app) if "<" in route.path}
    assert found == OWN.keys() | SECRETS | OF_ADMINS | OF_EVERYBODY


@pytest.mark.parametrize("path", OWN)
def test_an_object_of_another_user_is_404(site, path):
    ada, eve = factories.user(site, "ada"), with_csrf_token(as_user(site, "eve"))
    wanted = OWN[path](site, ada)
    before = contents(site)
    for method in methods_of(site, path):
        for value in (wanted, uuid4()):
            assert set(answers(eve, method, filled(path, value))) == GONE, f"{method} {value}"
    assert contents(site) == before
    own = as_user(site, "ada", amr="pwd otp")
    for method in methods_of(site, path):
        assert own.open(filled(path, wanted), method=method, headers=JSON).status_code != 404, "or it proves nothing"


@pytest.mark.parametrize("path", OWN)
def test_a_token_finds_only_objects_of_its_owner(site, path):
    wanted = OWN[path](site, factories.user(site, "ada"))
    script = with_token(site, scopes=("profile:read", "tokens:read"), of="eve")
    for method in methods_of(site, path):
        status = script.open(filled(path, wanted), method=method, json={} if method == "POST" else None).status_code
        assert status == (404 if path in READ_BY_TOKENS else 403), method


@pytest.mark.parametrize("path", sorted(SECRETS))
def test_a_forged_link_is_404(site, path):
    eve = with_csrf_token(as_user(site, "eve"))
    before = contents(site)
    for method in methods_of(site, path):
        for secret in ("x", "A" * 43, "%00", "a" * 5000):
            assert eve.open(filled(path, secret), method=method).status_code == 404
    assert contents(site) == before


def ada_eve_and_boss(site: Flask) -> tuple[UUID, HeaderClient, HeaderClient]:
    eve, boss = as_user(site, "eve"), as_user(site, "boss", role="super_admin")
    return factories.user(site, "ada").id, with_csrf_token(eve), with_csrf_token(boss)


@pytest.mark.parametrize("path", sorted(OF_ADMINS))
def test_for_an_admin_missing_objects_are_404_and_for_others_all_objects(site, prepared_states, path):
    ada_id, *clients = prepared_states.once(site, lambda: ada_eve_and_boss(site), "ada, eve and boss")
    eve, boss = (same_client(client, site) for client in clients)
    is_there = ada_id if "user_id" in path else "user" if "<name>" in path else uuid4()
    before = contents(site)
    for method in methods_of(site, path):
        assert set(answers(boss, method, filled(path, uuid4()))) == GONE, method
        refused = [answers(eve, method, filled(path, value)) for value in (is_there, uuid4())]
        assert refused[0] == refused[1]
        assert {status for status, _ in refused[0]} == {403}
    assert contents(site) == before
