"""Pairwise identifiers: the app has another ``sub`` for a user than other apps, and everywhere the same."""

from dataclasses import replace
from uuid import UUID

import pytest

from tests import factories
from tests.oauth.app import registered
from tests.oauth.logout_receiver import Receiver, log_in, read
from tests.script import Script
from webapp.oauth import clients
from webapp.oauth.client_settings import InvalidClientSettings, settings_of

GIVEN = {"is_first_party": True, "has_pairwise_subjects": True, "backchannel_logout_uri": "https://w.example.org/out"}


@pytest.fixture
def wiki(app):
    return registered(app, **GIVEN)


def subject(app, person):
    return read(log_in(app, person)["id_token"])["sub"]


def test_an_app_has_one_identifier_of_a_user_in_every_place(app, person, user, wiki):
    tokens = log_in(wiki, person)
    sub = read(tokens["id_token"])["sub"]
    assert str(user.id) not in sub
    assert Script(app, tokens["access_token"]).get("/oauth/userinfo").json["sub"] == sub
    said = wiki.post("/oauth/introspect", token=tokens["access_token"]).json
    assert (said["active"], said["sub"], "username" in said) == (True, sub, False)
    receiver, hint = Receiver(app), tokens["id_token"]
    person.ask("GET", f"/oauth/end-session?id_token_hint={hint}", headers={"Sec-Fetch-Site": "none"})
    assert person.ask("GET", "/dashboard").status_code == 303, "the hint is understood"
    (token,) = receiver.received()
    assert read(token)["sub"] == sub
    supported = Script(app).get("/.well-known/openid-configuration").json["subject_types_supported"]
    assert supported == ["public", "pairwise"]


def test_apps_of_the_same_host_have_the_same_and_others_another(app, person, user, wiki):
    same = registered(app, "Talk", "https://wiki.example.org/talk/callback", **GIVEN)
    other = registered(app, "Other", "https://other.example.org/callback", **GIVEN)
    public = registered(app, "Public", is_first_party=True)
    native = [registered(app, f"Native {n}", "http://127.0.0.1/cb", **GIVEN) for n in (1, 2)]
    one = subject(wiki, person)
    assert subject(same, person) == one
    assert subject(public, person) == str(user.id)
    with factories.database_of(app).read() as db:
        salts = [clients.by_id(db, UUID(each.client_id)).subject_salt for each in native]
    assert len({one, subject(other, person), *salts, str(user.id)}) == 5


def test_it_stays_when_the_app_is_changed(app, person, user, wiki):
    before = subject(wiki, person)
    further = {"redirect_uris": [wiki.redirect_uri, "https://wiki.example.org/x"]}
    for change in (further, {"has_pairwise_subjects": False}, {"has_pairwise_subjects": True}):
        with factories.database_of(app).write() as db:
            client = clients.by_id(db, UUID(wiki.client_id))
            clients.edit(db, client, replace(settings_of(client), **change))
    assert subject(wiki, person) == before


def test_an_app_with_several_hosts_has_no_sector(app, wiki):
    hosts = {"redirect_uris": [f"https://{name}.example.org/cb" for name in ("a", "b")]}
    two = clients.NewClient(name="Two", has_pairwise_subjects=True, **hosts)
    with factories.database_of(app).read() as db:
        client = clients.by_id(db, UUID(wiki.client_id))
        with pytest.raises(InvalidClientSettings):
            clients.register(db, two, origin="test")
        with pytest.raises(InvalidClientSettings):
            clients.edit(db, client, replace(settings_of(client), **hosts))
