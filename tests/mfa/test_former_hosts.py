"""Passkeys of a site whose host name has changed: they belong to the host name for which they were made."""

import pytest
from sqlalchemy import update

from tests import factories
from tests.browser import Person
from tests.passkey import Authenticator
from tests.second_factors import JSON, options, register, stored, touch, with_passkey
from webapp.core.db import Database
from webapp.mfa.models import Passkey
from webapp.web.registry import services_of

OLD, NEW = "https://old.example.org", "https://new.example.org"
MOVED = {"WEBAPP_BASE_URL": NEW, "WEBAPP_FORMER_BASE_URLS": OLD}
LOGIN = "/login/passkey"


def old_device(app, user) -> Authenticator:
    device = with_passkey(app, user)
    with services_of(app).get(Database).write() as db:
        db.execute(update(Passkey).values(rp_id="old.example.org"))
    # What a browser signs at the new origin for the former host name, once that has named it as related.
    device.origin, device.rp_id = NEW, "old.example.org"
    return device


@pytest.fixture
def moved(make_app):
    return make_app(**MOVED)


def test_a_passkey_of_the_former_host_logs_in_at_the_new_one(moved):
    device = old_device(moved, factories.user(moved, "ada"))
    person = Person(moved)
    person.open("/login")
    asked = options(person, f"{LOGIN}?rp_id=old.example.org")
    assert asked["rpId"] == "old.example.org"
    page = touch(person, device, f"{LOGIN}?rp_id=old.example.org", "Use a passkey of old.example.org")
    assert page.request.path == "/dashboard"


def test_a_new_passkey_is_for_the_new_host(moved):
    user = factories.user(moved, "ada")
    person = Person(moved)
    person.log_in("ada")
    register(person, Authenticator(origin=NEW, rp_id="new.example.org"))
    assert [passkey.rp_id for passkey in stored(moved, user)] == ["new.example.org"]


def test_the_second_step_uses_the_host_of_the_passkey(moved):
    old_device(moved, factories.user(moved, "ada"))
    person = Person(moved)
    person.log_in("ada")
    assert "rp_id=" not in person.page.text
    found = options(person, "/login/second-step/passkey")
    assert (found["rpId"], len(found["allowCredentials"])) == ("old.example.org", 1)


def test_with_passkeys_of_both_hosts_there_is_a_button_for_each(moved):
    user = factories.user(moved, "ada")
    old_device(moved, user)
    with services_of(moved).get(Database).write() as db:
        db.execute(update(Passkey).values(last_used_at=None))
    second = Authenticator(origin=NEW, rp_id="new.example.org")
    person = Person(moved)
    person.log_in("ada")
    page = person.page.text
    assert page.count("<passkey-button") == 1
    with services_of(moved).get(Database).write() as db:
        made = stored(moved, user)[0]
        db.add(
            Passkey(
                user_id=user.id,
                credential_id=second.credential_id,
                public_key=made.public_key,
                sign_count=0,
                aaguid=made.aaguid,
                name="new",
                transports=[],
                is_synced=False,
                created_at=made.created_at,
                uses=0,
                rp_id="new.example.org",
            )
        )
    assert person.open("/login/second-step").text.count("<passkey-button") == 2


@pytest.mark.parametrize(
    "rp_id", ["evil.example", "example.org", "org", "OLD.example.org", "new.example.org.", "x" * 300]
)
def test_another_host_is_not_accepted_as_rp_id(moved, rp_id):
    assert Person(moved).ask("GET", f"{LOGIN}?rp_id={rp_id}", headers=JSON).status_code == 404


def test_a_passkey_of_an_unlisted_host_is_refused(make_app, moved):
    device = old_device(moved, factories.user(moved, "ada"))
    person = Person(make_app(WEBAPP_BASE_URL=NEW))
    person.open("/login")
    assert touch(person, device, LOGIN).status_code == 422


def test_the_former_host_lists_the_new_origin_as_related(moved):
    answer = moved.test_client().get("/.well-known/webauthn", base_url=OLD)
    assert answer.json == {"origins": [NEW]}
    assert answer.mimetype == "application/json"
    assert "Set-Cookie" not in answer.headers


def test_a_site_without_a_host_name_has_no_related_origins(make_app):
    app = make_app(WEBAPP_BASE_URL="http://127.0.0.1:8000")
    assert app.test_client().get("/.well-known/webauthn").status_code == 404
