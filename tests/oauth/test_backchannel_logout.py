"""Back-channel logout: which end of a login is told to the app, and how it is sent."""

from datetime import timedelta
from urllib.parse import urlencode
from uuid import UUID

import jwt
import pytest
import time_machine
from sqlalchemy import select

from tests import factories
from tests.browser import Person
from tests.oauth.app import registered, status
from tests.oauth.device import started
from tests.oauth.logout_receiver import URL, Receiver, log_in, read
from tests.oauth.session_ends import SESSION_ENDS
from tests.script import Script
from webapp.accounts import lifecycle as accounts
from webapp.accounts import roles, user_queries
from webapp.core.clock import now
from webapp.credentials.models import Credential
from webapp.credentials.purge import purge
from webapp.oauth import app_sessions, client_settings, clients, logout_notices
from webapp.oauth.models import AppSession, LogoutNotice, RemovedClient
from webapp.sessions import lifecycle
from webapp.tokens import refresh_families


@pytest.fixture
def wiki(app):
    return registered(app, is_first_party=True, backchannel_logout_uri=URL, is_for_devices=True)


@pytest.fixture
def receiver(app):
    return Receiver(app)


def test_a_logout_token_is_one_of_the_specification(app, person, user, wiki, receiver):
    tokens = log_in(wiki, person)
    assert receiver.received() == []
    person.visit("GET", "/dashboard")
    person.press("Log out")
    (token,) = receiver.received()
    head = jwt.get_unverified_header(token)
    key = jwt.PyJWKSet.from_dict(Script(app).get("/.well-known/jwks.json").json)[head["kid"]]
    issuer = app.config["BASE_URL"]
    said = jwt.decode(token, key, algorithms=["ES256"], audience=wiki.client_id, issuer=issuer)
    assert head["typ"] == "logout+jwt"
    assert said.keys() == {"iss", "aud", "iat", "exp", "jti", "sub", "sid", "events"}
    assert said["events"] == {"http://schemas.openid.net/event/backchannel-logout": {}}
    assert said["exp"] - said["iat"] == 120
    assert (said["sub"], said["sid"]) == (str(user.id), read(tokens["id_token"])["sid"])
    assert receiver.sent[0][0] == URL
    # It opens nothing here, and nothing is sent twice.
    assert status(app, token) == 401
    assert receiver.received() == []
    notice = Script(app).get("/.well-known/openid-configuration").json
    assert notice["backchannel_logout_supported"] is notice["backchannel_logout_session_supported"] is True


def family_of(db, user):
    return refresh_families.end_of_client(db, clients.by_name_or_id(db, "Wiki").id, user_id=user.id, origin="site")


def only_for_admins(db, user):
    wiki = clients.by_name_or_id(db, "Wiki")
    clients.edit(db, wiki, client_settings.ClientSettings(**settings(wiki) | {"roles": ["admin"]}))


def only_for_others(db, user):
    wiki = clients.by_name_or_id(db, "Wiki")
    clients.edit(db, wiki, client_settings.ClientSettings(**settings(wiki) | {"people": [str(wiki.id)]}))


def settings(client):
    return {name: getattr(client, name) for name in client_settings.NAMES}


def loses_role(db, user):
    accounts.change_role(db, user, "user")


LOGINS = {
    "code": log_in,
    "code, offline": lambda wiki, person: log_in(wiki, person, "openid offline_access"),
    "device": lambda wiki, person: started(wiki, scope="openid").tokens_of(person),
}
"""Ways in which a user logs in to an app."""
ENDS = SESSION_ENDS | {
    "access withdrawn": lambda db, user: clients.withdraw(db, user.id, clients.by_name_or_id(db, "Wiki").id),
    "its tokens ended": family_of,
    "app disabled": lambda db, user: clients.disable(db, clients.by_name_or_id(db, "Wiki"), origin="test"),
    "app removed": lambda db, user: clients.remove(db, clients.by_name_or_id(db, "Wiki"), origin="test"),
    "app only for other roles": only_for_admins,
    "app only for other people": only_for_others,
    "role changed": loses_role,
}


@pytest.mark.parametrize("grant", ["code", "code, offline", "device"])
@pytest.mark.parametrize("way", ENDS)
def test_the_end_of_a_login_is_told(app, person, user, wiki, receiver, way, grant):
    factories.user(app, "keeper", role="super_admin")
    with factories.database_of(app).write() as db:
        if way == "role changed":
            roles.add(db, "editor", "Edits", ["user"])
            accounts.change_role(db, user_queries.by_id(db, user.id), "editor")
            client = clients.by_name_or_id(db, "Wiki")
            clients.edit(db, client, client_settings.ClientSettings(**settings(client) | {"roles": ["editor"]}))
    sid = read(LOGINS[grant](wiki, person)["id_token"])["sid"]
    assert receiver.received() == []
    with factories.database_of(app).write() as db:
        ENDS[way](db, user_queries.by_id(db, user.id))
    (token,) = receiver.received()
    assert (read(token)["sub"], read(token)["sid"]) == (str(user.id), sid)
    assert receiver.received() == []


def test_what_ends_no_login_is_not_told(app, person, user, wiki, receiver):
    other = registered(app, "Other", is_first_party=True)
    log_in(other, person)
    tokens = log_in(wiki, person, "openid offline_access")
    # A new proof of identity replaces the session, and the app revokes its own token.
    person.visit("GET", "/confirm")
    person.press("Confirm", password=factories.PASSWORD)
    wiki.post("/oauth/revoke", token=tokens["refresh_token"])
    assert receiver.received() == []
    with time_machine.travel(now() + timedelta(days=1), tick=False), factories.database_of(app).write() as db:
        assert receiver.received() == []
        assert app_sessions.forget_expired(db) == 0
    with time_machine.travel(now() + timedelta(days=31), tick=False), factories.database_of(app).write() as db:
        assert app_sessions.forget_expired(db) == 1
    with time_machine.travel(now() + timedelta(days=200), tick=False), factories.database_of(app).write() as db:
        while purge(db, retention=timedelta(days=90)):
            pass
    assert receiver.received() == []


def test_after_the_session_has_expired_the_end_of_the_account_is_told(app, person, user, wiki, receiver):
    log_in(wiki, person)
    with time_machine.travel(now() + timedelta(days=8), tick=False):
        assert receiver.received() == []
        with factories.database_of(app).write() as db:
            accounts.close(db, user_queries.by_id(db, user.id))
        assert len(receiver.received()) == 1


def test_one_notice_for_each_session_and_app(app, person, user, wiki, receiver):
    elsewhere = Person(app)
    elsewhere.log_in(user.username)
    sids = {read(log_in(wiki, one)["id_token"])["sid"] for one in (person, person, elsewhere)}
    assert len(sids) == 2
    with factories.database_of(app).write() as db:
        lifecycle.end_others(db, user.id)
    assert {read(token)["sid"] for token in receiver.received()} == sids
    assert len(receiver.sent) == 2


def test_a_logout_that_an_app_starts_is_told_to_the_others(app, person, wiki, receiver):
    notes = registered(app, "Notes", is_first_party=True, backchannel_logout_uri="https://notes.example.org/out")
    log_in(wiki, person)
    hint = log_in(notes, person)["id_token"]
    person.ask("GET", f"/oauth/end-session?{urlencode({'id_token_hint': hint})}", headers={"Sec-Fetch-Site": "none"})
    assert {read(token)["aud"] for token in receiver.received()} == {wiki.client_id, notes.client_id}


def test_a_removed_app_learns_of_each_login_by_the_identifiers_that_it_knew(app, person, user, receiver):
    """Also of notices that are waiting already, and signed as the app reads them."""
    given = {"wants_rs256": True, "has_pairwise_subjects": True, "is_for_devices": True}
    wiki = registered(app, is_first_party=True, backchannel_logout_uri=URL, **given)
    elsewhere = Person(app)
    elsewhere.log_in(user.username)
    first, second = (read(log_in(wiki, one)["id_token"]) for one in (person, elsewhere))
    with factories.database_of(app).write() as db:
        lifecycle.end(db, user.id, sids_of(db, first))
    receiver.answers = [500]
    assert len(receiver.received()) == 1
    with factories.database_of(app).write() as db:
        clients.remove(db, clients.by_name_or_id(db, "Wiki"), origin="test")
    with time_machine.travel(now() + timedelta(minutes=1), tick=False):
        tokens = receiver.received()
    assert {url for url, _token in receiver.sent} == {URL}
    assert {(read(token)["sub"], read(token)["sid"]) for token in tokens} == {
        (claims["sub"], claims["sid"]) for claims in (first, second)
    }
    assert {jwt.get_unverified_header(token)["alg"] for token in tokens} == {"RS256"}
    assert first["sub"] != str(user.id)
    with factories.database_of(app).read() as db:
        assert {name for _notice, name in logout_notices.latest(db, limit=10)} == {"Wiki"}
        assert db.query(RemovedClient).count() == 1
    with time_machine.travel(now() + timedelta(days=32), tick=False), factories.database_of(app).write() as db:
        while logout_notices.purge(db):
            pass
        assert db.query(RemovedClient).count() == 0


def sids_of(db, claims):
    return db.scalar(select(Credential.id).where(Credential.sid == UUID(claims["sid"]), Credential.kind == "session"))


def test_a_removed_app_without_a_url_leaves_nothing(app, person, user, receiver):
    plain = registered(app, "Plain", is_first_party=True)
    log_in(plain, person)
    with factories.database_of(app).write() as db:
        clients.remove(db, clients.by_name_or_id(db, "Plain"), origin="test")
    assert receiver.received() == []
    with factories.database_of(app).read() as db:
        assert [db.query(table).count() for table in (RemovedClient, AppSession, LogoutNotice)] == [0, 0, 0]


def test_a_device_that_logs_in_after_the_logout_of_whoever_allowed_it_stays_logged_in(
    app, person, user, wiki, receiver
):
    device = started(wiki, scope="openid")
    device.allowed_by(person)
    with factories.database_of(app).write() as db:
        lifecycle.end_others(db, user.id)
    sid = read(device.poll().json["id_token"])["sid"]
    assert receiver.received() == []
    with factories.database_of(app).write() as db:
        clients.withdraw(db, user.id, clients.by_name_or_id(db, "Wiki").id)
    assert [read(token)["sid"] for token in receiver.received()] == [sid]
