"""Every text field of every form takes one text: whatever else is sent in its place is refused, and named."""

import pytest
from flask import Flask
from wtforms import StringField
from wtforms.fields.core import UnboundField

from tests import factories
from tests.accounts.owned_objects import OWN, app_of, provider_of, service_of
from tests.admin.admin_objects import proxied_app_of
from tests.federation.upstream import linked
from tests.mailbox import Mailbox, link_in
from tests.second_factors import NAMED, with_app
from tests.tables import contents
from webapp.accounts.models import User
from webapp.guard.routes import routes
from webapp.testing import HeaderClient, as_nobody, as_user, user_named, with_token
from webapp.web.api_schema import contract_of
from webapp.web.form import WordsField

NOT_ONE_TEXT = [5, 1.5, True, False, [], ["x"], ["x", "y"], [["x"]], {}, {"$ne": None}, [None], [{"x": "y"}]]
JSON = {"Accept": "application/json"}
FORM = "application/x-www-form-urlencoded"

OTHER_KIND = (
    "authorization_endpoint emails_endpoint request_token_endpoint token_endpoint userinfo_endpoint "
    "claim_email claim_email_verified claim_name claim_preferred_username claim_sub"
)
# By address: the text fields of its form.
FIELDS = {
    "/account": "display_name username",
    "/account/app-access/<slug>/ask": "reason",
    "/account/owned-apps/<slug>/guest-links": "note path",
    "/account/close": "services_to services_to_role username",
    "/account/email": "email",
    "/account/password": "new_password password",
    "/account/security/passkeys/<uuid:passkey_id>": "name",
    "/account/security/passkeys/new": "next response",
    "/account/security/recovery-codes": "next",
    "/account/security/totp": "code encrypted_seed next",
    "/account/service-accounts/<uuid:user_id>/tokens/new": "key name note once reason",
    "/account/sessions/stay": "next",
    "/admin/clients": "access_lifetime app_url backchannel_logout_uri jwks jwks_uri login_lifetime name operator "
    "recipe",
    "/admin/clients/<uuid:client_id>/edit": "access_lifetime backchannel_logout_uri jwks jwks_uri login_lifetime "
    "operator",
    "/admin/identity-providers": f"client_id client_secret issuer name preset slug {OTHER_KIND}",
    "/admin/identity-providers/<uuid:provider_id>/edit": f"client_id client_secret issuer name {OTHER_KIND}",
    "/admin/identity-providers/<uuid:provider_id>/rules": "claim role value",
    "/admin/identity-providers/<uuid:provider_id>/rules/remove": "claim role value",
    "/admin/identity-providers/<uuid:provider_id>/rules/test": "claims",
    "/admin/identity-providers/<uuid:provider_id>/rules/up": "claim role value",
    "/admin/invitations/new": "email note",
    "/admin/proxied-apps": "host name slug",
    "/admin/proxied-apps/<uuid:app_id>/edit": "icon name owner",
    "/admin/proxied-apps/<uuid:app_id>/rules": "path role",
    "/admin/proxied-apps/<uuid:app_id>/rules/<uuid:rule_id>/edit": "path role",
    "/admin/roles": "description name",
    "/admin/roles/<name>/edit": "description",
    "/admin/users/<uuid:user_id>/<kind>/<uuid:credential_id>/end": "reason",
    "/admin/users/<uuid:user_id>/delete": "reason services_to services_to_role username",
    "/admin/users/<uuid:user_id>/disable": "reason services_to services_to_role",
    "/admin/users/<uuid:user_id>/enable": "reason",
    "/admin/users/<uuid:user_id>/end-sessions": "reason",
    "/admin/users/<uuid:user_id>/identities/<uuid:identity_id>/unlink": "reason",
    "/admin/users/<uuid:user_id>/hand-over": "owner owner_role reason",
    "/admin/users/<uuid:user_id>/tokens/new": "key name note once reason",
    "/admin/users/<uuid:user_id>/unlock": "reason",
    "/admin/users/<uuid:user_id>/reset-factors": "reason",
    "/admin/users/<uuid:user_id>/reset-link": "reason",
    "/admin/users/<uuid:user_id>/role": "reason role",
    "/admin/users/disable": "reason services_to services_to_role",
    "/admin/users/service-accounts/new": "name owner owner_role purpose role",
    "/api/auth": "client_id code email grant_type password username",
    "/api/auth/exchange": "actor_token actor_token_type audience client_id grant_type requested_token_type resource "
    "subject_token subject_token_type",
    "/api/auth/introspect": "client_id ip_address method path token token_type_hint",
    "/api/auth/refresh": "client_id grant_type refresh_token",
    "/api/auth/revoke": "client_id token token_type_hint",
    "/confirm": "code form_state next password response",
    "/device": "user_code",
    "/device/decision": "decision user_code",
    "/forgot": "username",
    "/login": "next password username",
    "/login/passkey": "next response",
    "/login/second-step": "code next response",
    "/password-strength": "email password role username",
    "/register": "email password username",
    "/reset": "password",
    "/tokens/<uuid:token_id>/drop": "scope",
    "/tokens/<uuid:token_id>/edit": "name note",
    "/tokens/<uuid:token_id>/summary": "name note",
    "/tokens/inspect": "calling_from path token",
    "/tokens/new": "key name note once reason",
    "/tokens/summary": "key name note once reason",
    "/verify": "password",
}


def forms_of(app: Flask) -> dict[str, set[str]]:
    found = {}
    for route in routes(app):
        contract = contract_of(app.view_functions[route.endpoint])
        if "POST" in route.methods and contract and contract.form:
            names = {name for name in dir(contract.form) if is_text(getattr(contract.form, name))}
            # The secret of a mailed link is judged before the form: whatever is no secret is a dead link.
            found[route.path] = names - {"link"}
    return {path: names for path, names in found.items() if names}


def is_text(field: object) -> bool:
    if not isinstance(field, UnboundField) or issubclass(field.field_class, WordsField):
        return False
    return issubclass(field.field_class, StringField)


@pytest.fixture
def site(make_app) -> Flask:
    return make_app(**NAMED, WEBAPP_TRUST_BROWSERS="true", WEBAPP_REGISTRATION="open", WEBAPP_SMTP_URL="smtp://[::1]:9")


def test_every_form_with_a_text_field_is_in_the_table(site):
    assert forms_of(site) == {path: set(names.split()) for path, names in FIELDS.items()}


def caller_for(app: Flask, path: str) -> HeaderClient:
    """Whoever may send this form, as far on the way to it as one must be."""
    if path == "/api/auth/introspect":
        return with_token(app, scopes=("tokens:introspect",), of="ada")
    if path == "/reset":
        return at(app, "/forgot", "/reset", username="ada")
    if path == "/verify":
        fields = {"username": "bob", "email": "bob@example.org", "password": factories.PASSWORD}
        return at(app, "/register", "/verify", **fields)
    if path == "/login/second-step":
        return half_way(app)
    return as_user(app, "ada", amr="pwd otp")


def half_way(app: Flask) -> HeaderClient:
    """With the right name and password, and a second factor still to be shown."""
    with_app(app, user_named(app, "ada"))
    nobody = as_nobody(app)
    nobody.sends_csrf = True
    assert nobody.post("/login", data={"username": "ada", "password": factories.PASSWORD}).status_code == 303
    return nobody


def at(app: Flask, first: str, then: str, **fields: str) -> HeaderClient:
    """At the page behind a mailed link."""
    nobody = as_nobody(app)
    nobody.sends_csrf = True
    nobody.post(first, data=fields, buffered=True)
    link = next(link_in(mail) for mail in Mailbox(app).opened() if then in mail.content.text)
    assert nobody.get(link).status_code == 303
    return nobody


def filled(app: Flask, path: str, ada: User) -> str:
    if path.endswith(("/hand-over", "<uuid:user_id>/tokens/new")):
        return path.replace("<uuid:user_id>", str(service_of(app, ada)))
    if "<uuid:user_id>" in path:
        eve = factories.user(app, "eve")
        path = path.replace("<uuid:user_id>", str(eve.id)).replace("<kind>", "tokens")
        if (identity := "<uuid:identity_id>") in path:
            return path.replace(identity, str(linked(app, eve)))
        token = "<uuid:credential_id>"
        return path.replace(token, str(factories.api_token(app, eve).entry.id)) if token in path else path
    if "<name>" in path:
        return path.replace("<name>", "user")
    if path.startswith("/admin/proxied-apps/"):
        for parameter, value in proxied_app_of(app).items():
            path = path.replace(parameter, value)
        return path
    before, _, rest = path.partition("<")
    of_admins = {"clients": app_of, "identity-providers": provider_of}.get(path.split("/")[2]) if "<" in path else None
    made = of_admins or OWN.get(path)
    return f"{before}{made(app, ada)}{rest.partition('>')[2]}" if made else path


@pytest.mark.parametrize("path", FIELDS)
def test_a_value_that_is_not_one_text_is_refused_with_the_field(site, path):
    ada = factories.user(site, "ada", role="super_admin")
    url, caller = filled(site, path, ada), caller_for(site, path)
    # Once for all of them: a page of ours would have told it.
    headers = JSON | {"X-CSRF-Token": caller.get("/login", headers=JSON).json["csrf_token"]}
    before = contents(site)
    for name in FIELDS[path].split():
        for value in NOT_ONE_TEXT:
            answer = caller.post(url, json={name: value}, headers=headers)
            assert (answer.status_code, name in answer.json["detail"]) == (400, True), (name, value, answer.json)
        twice = caller.post(url, data=f"{name}=x&{name}=y", content_type=FORM, headers=headers)
        assert (twice.status_code, f"{name} was sent more than once." in twice.json["detail"]) == (400, True), name
    assert contents(site) == before
    for name in FIELDS[path].split():
        assert caller.post(url, json={name: None}, headers=headers).status_code < 500


STACKED = "ada" + "".join(map(chr, range(0x300, 0x308)))
# Text that is kept and shown to others; the rest is compared, or is no text of people.
SHOWN = {"username", "display_name", "name", "note", "reason", "description", "email"}
# What a form asks for before it looks at the field in question.
REQUIRED = {
    "/register": {"username": "eve", "email": "eve@example.org", "password": factories.PASSWORD},
    "/admin/roles": {"name": "editor", "description": "Edits."},
    "/admin/clients": {"name": "Wiki", "redirect_uris": "https://wiki.example.org/cb"},
    "/admin/identity-providers": {"preset": "google", "client_id": "c", "client_secret": "s"},
    "/admin/identity-providers/<uuid:provider_id>/edit": {
        "issuer": "https://id.example.org",
        "client_id": "c",
        "scopes": "openid",
    },
    "/admin/invitations/new": {"role": "user"},
    "/admin/proxied-apps": {"host": "notes.example.org"},
    "/admin/proxied-apps/<uuid:app_id>/edit": {"hosts": "notes.example.org"},
}
NOT_KEPT = {("/admin/users/<uuid:user_id>/delete", "username"), ("/tokens/summary", "name")}
COMPARED = {"/account/close", "/api/auth", "/forgot", "/login", "/password-strength"}


@pytest.mark.parametrize(
    "path", [path for path in FIELDS if path not in COMPARED and SHOWN & set(FIELDS[path].split())]
)
def test_stacked_accents_are_refused_with_the_field(site, path):
    ada = factories.user(site, "ada", role="super_admin")
    url, caller = filled(site, path, ada), caller_for(site, path)
    headers = JSON | {"X-CSRF-Token": caller.get("/login", headers=JSON).json["csrf_token"]}
    before = contents(site)
    for name in SHOWN & set(FIELDS[path].split()):
        if (path, name) in NOT_KEPT:
            continue
        value = f"{STACKED}@example.org" if name == "email" else f"{STACKED} a few words"
        value = STACKED if name == "username" else value
        answer = caller.post(url, json=REQUIRED.get(path, {}) | {name: value}, headers=headers)
        assert answer.status_code == 422, (name, answer.json)
        assert name in answer.json["errors"], (name, answer.json)
    assert contents(site) == before
