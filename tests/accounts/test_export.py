"""The export of an account: every table with rows of the user, and no secret."""

import pytest
from sqlalchemy import select

from tests import factories
from tests.browser import Person
from tests.federation.upstream import linked
from tests.oauth.app import registered
from tests.second_factors import NAMED, App, with_app, with_passkey, with_sheet
from webapp.accounts import export, invitations, service_accounts
from webapp.accounts.invitations import InvitationRequest
from webapp.accounts.models import User
from webapp.accounts.service_rules import Owner
from webapp.core.db import Base, Database
from webapp.mail.models import OutgoingMail
from webapp.web.registry import services_of

# Which tables know of a user, and where in the file what they hold stands; or why it does not.
WHERE = {
    "user": "account",
    "totp_seed": "factors",
    "passkey": "factors",
    "recovery_code": "factors",
    "factor_reset": "factors",
    "credential": "sessions, tokens, script_logins, trusted",
    "browser_session": "sessions, trusted",
    "api_token": "tokens",
    "refresh_family": "script_logins",
    "credential_use": "requests",
    "credential_resource_use": "uses",
    "credential_network": "networks",
    "known_network": "login_networks",
    "invitation": "invitations",
    "service_account": "service_accounts",
    "oauth_consent": "apps",
    "linked_identity": "identities",
    "link": "links",
    "outgoing_mail": "mails",
    "audit_event": "events",
}
NOWHERE = {
    "unlinked_identity": "nothing but digests",
    "provider_session": "the logins that came from it stand among sessions and in the audit log",
    "oauth_client": "an app of the site; of a user only where it has a service account",
    "oauth_client_error": "of an app, without saying of whom",
    "oauth_client_secret": "nothing but digests",
    "oauth_code": "sealed for an hour, for the app that redeems it",
    "oauth_pushed_request": "of an app, before anybody has logged in",
    "oauth_device_code": "nothing but digests and scopes, for an hour; what was allowed is in the audit log",
    "oauth_app_session": "the logins to apps stand among script_logins and in the audit log",
    "oauth_logout_notice": "messages to apps about logouts, which stand in the audit log",
    "former_session_secret": "nothing but digests",
    "refresh_token": "nothing but digests, counted",
    "token_notice": "when a mail was sent, which stands among the mails",
    "proxied_app": "an app of the site; of a user only whether they own it",
    "proxied_host": "an app of the site",
    "access_rule": "an app of the site",
    "proxied_session": "logins at apps, which stand in the audit log",
    "arrival_ticket": "nothing but digests, for 30 seconds",
    "access_grant": "access to an app for a time, which stands in the audit log",
    "access_request": "a request for access to an app, whose reason stands in the audit log",
    "guest_link": "of an app; who made it stands in the audit log",
    "kept_form": "sealed for an hour, for the browser that sent it",
    "check_count": "how often a page was opened in one day, counted for the app",
}
SECRETS = {"username_key", "username_skeleton", "email_key", "password_hash", "password_hash_cost"}


@pytest.fixture
def site(make_app):
    return make_app(**NAMED, WEBAPP_TRUST_BROWSERS="true")


@pytest.fixture
def exported(site):
    """Of somebody who has one of everything."""
    ada = factories.user(site, "ada", role="admin")
    mine, device, sheet = with_app(site, ada), with_passkey(site, ada), with_sheet(site, ada)
    issued = factories.api_token(site, ada, name="laptop")
    with services_of(site).get(Database).write() as db:
        service_accounts.create(
            db, "backup", role="user", owner=Owner(db.get_one(User, ada.id)), purpose="nightly", origin="cli"
        )
        made = invitations.create(db, InvitationRequest(email="eve@example.org", note="a friend"), by=ada.id)
    body = {"username": "ada", "password": factories.PASSWORD, "code": mine.code()}
    script = site.test_client().post("/api/auth", json=body, headers={"User-Agent": "backup/1.2"}).json
    site.test_client().get("/protected", headers={"Authorization": f"Bearer {issued.token}"})
    person = logged_in(site, mine)
    person.open("/account")
    person.press("Send verification link", email="ada@new.example")
    wiki = registered(site)
    held = wiki.log_in(person, scope="openid email offline_access")
    linked(site, ada)
    person.open("/account")
    answer = person.press("Download my data")
    assert "attachment" in answer.headers["Content-Disposition"]
    with services_of(site).get(Database).read() as db:
        hashed = db.get_one(User, ada.id).password_hash
        assert db.scalars(select(OutgoingMail)).first()
    secrets = [*(held[name] for name in ("access_token", "refresh_token", "id_token")), wiki.secret]
    secrets += [issued.token, script["access_token"], script["refresh_token"], hashed, "argon2", person.cookie]
    return answer, [*secrets, *sheet, mine.seed, made.path.rpartition("/")[2], device.credential_id.hex()]


def logged_in(site, mine: App) -> Person:
    person = Person(site)
    person.log_in("ada")
    person.press("Continue", code=mine.code(), trust="y")
    return person


def test_every_table_with_user_data_is_exported_or_listed_with_a_reason():
    knowing = {"user"} | {table.name for table in Base.metadata.tables.values() if "user_id" in table.columns}
    while more := {
        table.name
        for table in Base.metadata.tables.values()
        if table.name not in knowing and {key.column.table.name for key in table.foreign_keys} & knowing
    }:
        knowing |= more
    assert knowing == WHERE.keys() | NOWHERE.keys()
    assert {where for words in WHERE.values() for where in words.split(", ")} | {"exported_at"} == set(
        export.Export.__struct_fields__
    )


def test_each_account_column_is_exported_except_digests_and_secrets():
    assert set(export.FIELDS) | SECRETS == set(User.__table__.columns.keys())


def test_the_export_has_an_entry_of_every_kind(exported):
    found = exported[0].json
    assert not [name for name, held in found.items() if not held]
    assert found["account"]["username"] == "ada"
    assert found["factors"]["passkeys"][0]["name"]
    assert found["factors"]["authenticator_app"]["created_at"]
    assert len(found["factors"]["recovery_codes"]) == 10
    assert [token["name"] for token in found["tokens"] if token["script_login"] is None] == ["laptop"]
    assert [login["app"] for login in found["script_logins"]] == ["Wiki", None]
    assert found["script_logins"][1]["user_agent"] == "backup/1.2"
    (app,) = found["apps"]
    assert (app["name"], app["scopes"]) == ("Wiki", ["email", "offline_access", "openid"])
    assert found["invitations"][0] | {"email": "eve@example.org", "note": "a friend"} == found["invitations"][0]
    assert "address-confirm" in [link["purpose"] for link in found["links"]]
    assert len(found["trusted"]) == 1


def test_the_export_has_no_secret(exported):
    answer, secrets = exported
    assert [secret for secret in secrets if secret in answer.text] == []
