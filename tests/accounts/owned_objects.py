"""Objects with an id in a URL that a user may own, each made by a plain function."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

from flask import Flask

from tests import factories
from tests.federation.upstream import Upstream, linked, provided
from tests.forward_auth.proxy import proxied
from tests.oauth.app import registered
from tests.second_factors import stored, with_app, with_passkey
from webapp.accounts import service_accounts
from webapp.accounts.models import User
from webapp.accounts.service_rules import Owner
from webapp.audit import event_queries
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.forward_auth import access_requests, grants, guest_links, lifecycle
from webapp.forward_auth.models import ProxiedApp, ProxiedSession
from webapp.oauth import consents
from webapp.oauth.models import OAuthClient
from webapp.sessions import trusted_browsers
from webapp.sessions.lifecycle import Browser
from webapp.testing import as_user, user_named
from webapp.tokens import script_logins
from webapp.web.registry import services_of

JSON = {"Accept": "application/json"}


def event_of(app: Flask, user: User) -> UUID:
    factories.api_token(app, user)
    with services_of(app).get(Database).read() as db:
        return event_queries.of_user(db, user.id)[0].id


def passkey_of(app: Flask, user: User) -> UUID:
    with_app(app, user)
    for _ in range(2):
        with_passkey(app, user)
    return stored(app, user)[0].id


def session_of(app: Flask, user: User) -> UUID:
    as_user(app, user.username)
    found = as_user(app, user.username).get("/account/sessions", headers=JSON).json["sessions"]
    return UUID(next(session["id"] for session in found if not session["is_current"]))


def trust_of(app: Flask, user: User) -> UUID:
    with services_of(app).get(Database).write() as db:
        trusted_browsers.trust(db, user.id, Browser("Firefox", None), app.config["TRUST_LIFETIME"], amr="pwd otp")
        return trusted_browsers.of_user(db, user.id)[0].id


def token_of(app: Flask, user: User) -> UUID:
    return factories.api_token(app, user).entry.id


def script_login_of(app: Flask, user: User) -> UUID:
    body = {"username": user.username, "password": factories.PASSWORD}
    assert app.test_client().post("/api/auth", json=body).status_code == 200
    with services_of(app).get(Database).read() as db:
        return script_logins.live(db, user.id)[0].id


def service_of(app: Flask, user: User) -> UUID:
    with services_of(app).get(Database).write() as db:
        made = service_accounts.create(
            db, "deploy", role="user", owner=Owner(user), purpose="deploys the site", origin="cli"
        )
        return made.id


def service_token_of(app: Flask, user: User) -> tuple[UUID, UUID]:
    """The id of the service account, and that of its token."""
    service_id = service_of(app, user)
    return service_id, factories.api_token(app, user_named(app, "deploy")).entry.id


def app_of(app: Flask, user: User) -> UUID:
    client_id = UUID(registered(app, f"Wiki of {user.username}").client_id)
    with services_of(app).get(Database).write() as db:
        consents.give(db, user.id, db.get_one(OAuthClient, client_id), ["openid"])
    return client_id


def own_proxied_app(app: Flask, user: User) -> str:
    if proxied_app(app) is None:
        proxied(app, "wiki", roles=["super_admin"], owner_id=user.id)
    return "wiki"


def own_access(app: Flask, user: User) -> str:
    grant_to(app, user, own_proxied_app(app, user))
    return "wiki"


def granted_access(app: Flask, user: User) -> tuple[str, UUID]:
    """Of somebody else, to an app of the user."""
    slug, other = own_proxied_app(app, user), factories.user(app, "cid")
    grant_to(app, other, slug)
    return slug, other.id


def asked_access(app: Flask, user: User) -> tuple[str, UUID]:
    slug, other = own_proxied_app(app, user), factories.user(app, "cid")
    with services_of(app).get(Database).write() as db:
        row = lifecycle.by_slug(db, slug)
        assert row is not None
        return slug, access_requests.request_access(db, other.id, row, "for a test").id


def guest_link_of(app: Flask, user: User) -> tuple[str, UUID]:
    slug = own_proxied_app(app, user)
    with services_of(app).get(Database).write() as db:
        row = lifecycle.by_slug(db, slug)
        assert row is not None
        return slug, guest_links.make(db, row, "/page", "for a test", 1, actor_id=user.id).row.id


def grant_to(app: Flask, user: User, slug: str) -> None:
    with services_of(app).get(Database).write() as db:
        row = lifecycle.by_slug(db, slug)
        assert row is not None
        grants.grant_access(db, row, user.id, now() + timedelta(hours=1), actor_id=user.id)


def app_login_of(app: Flask, user: User) -> UUID:
    """A login at an app behind the reverse proxy."""
    session = session_of(app, user)
    if (found := proxied_app(app)) is None:
        proxied(app, "wiki")
        found = proxied_app(app)
    with services_of(app).get(Database).write() as db:
        row = ProxiedSession(id=uuid4(), key=uuid4().hex, sid=session, user_id=user.id, app_id=found.id)
        row.host, row.started_at = "wiki.example.org", now()
        db.add(row)
        return row.id


def proxied_app(app: Flask) -> ProxiedApp | None:
    with services_of(app).get(Database).read() as db:
        return lifecycle.by_slug(db, "wiki")


def provider_of(app: Flask, _user: User) -> UUID:
    return provided(app, Upstream()).id


OWN: dict[str, Callable[[Flask, User], UUID | str | tuple[object, UUID]]] = {
    "/account/owned-apps/<slug>": own_proxied_app,
    "/account/app-access/<slug>/end": own_access,
    "/account/owned-apps/<slug>/grants/<uuid:user_id>/end": granted_access,
    "/account/owned-apps/<slug>/guest-links": own_proxied_app,
    "/account/owned-apps/<slug>/guest-links/<uuid:link_id>/revoke": guest_link_of,
    "/account/owned-apps/<slug>/requests/<uuid:request_id>/decline": asked_access,
    "/account/owned-apps/<slug>/requests/<uuid:request_id>/grant": asked_access,
    "/account/apps/<uuid:client_id>/withdraw": app_of,
    "/account/activity/<uuid:event_id>": event_of,
    "/account/identities/<uuid:identity_id>/unlink": linked,
    "/account/security/passkeys/<uuid:passkey_id>": passkey_of,
    "/account/security/passkeys/<uuid:passkey_id>/remove": passkey_of,
    "/account/service-accounts/<uuid:user_id>": service_of,
    "/account/service-accounts/<uuid:user_id>/tokens/<uuid:token_id>/revoke": service_token_of,
    "/account/service-accounts/<uuid:user_id>/tokens/new": service_of,
    "/account/sessions/<uuid:session_id>/end": session_of,
    "/account/sessions/apps/<uuid:login_id>/end": app_login_of,
    "/account/sessions/trusted/<uuid:trust_id>/end": trust_of,
    "/tokens/<uuid:token_id>": token_of,
    "/tokens/<uuid:token_id>/drop": token_of,
    "/tokens/<uuid:token_id>/edit": token_of,
    "/tokens/<uuid:token_id>/revoke": token_of,
    "/tokens/<uuid:token_id>/rotate": token_of,
    "/tokens/<uuid:token_id>/summary": token_of,
    "/tokens/logins/<uuid:login_id>/end": script_login_of,
}
"""By the address; several ids where the address has several."""
