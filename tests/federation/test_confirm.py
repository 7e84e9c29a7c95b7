"""Confirm with a provider: whoever has no other way can do all that requires a fresh proof."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine

from tests import factories
from tests.browser import Person, parsed
from tests.federation.logout_tokens import logout_token
from tests.federation.upstream import come_back, leave, linked, log_in
from tests.federation.wrong_id_tokens import time
from webapp.core.clock import now
from webapp.federation.models import LoginProvider, ProviderSession
from webapp.guard import form_state

CONFIRM = "/login/with/acme/confirm"
HOUR = timedelta(hours=1)


@pytest.fixture
def grace(app, visitor, upstream):
    """Her account has no way to log in but the provider."""
    log_in(visitor, upstream)
    visitor.open("/login/with/acme/account")
    visitor.press("Create account")
    return visitor


@pytest.fixture
def later():
    """The confirmation of her login does not count any more."""
    with time_machine.travel(now() + HOUR, tick=False) as moment:
        yield moment


def is_fresh(person):
    return person.ask("GET", "/tokens/new").status_code == 200


def changed(app, **values):
    with factories.database_of(app).write() as db:
        row = db.query(LoginProvider).one()
        for name, value in values.items():
            setattr(row, name, value)


def confirms(person, upstream, path=CONFIRM):
    return come_back(person, upstream.authorized(leave(person, path)))


def test_the_provider_confirms_who_has_no_password(app, grace, later, upstream):
    assert not is_fresh(grace)
    page = grace.open("/tokens/new")
    assert "Confirm with Acme" in page.text
    assert 'type="password"' not in page.text
    former = grace.cookie
    url = leave(grace, f"{CONFIRM}?next=/tokens/new")
    sent = parse_qs(urlsplit(url).query)
    assert (sent["prompt"], sent["max_age"]) == (["login"], ["0"])
    assert come_back(grace, upstream.authorized(url)).headers["Location"] == "/tokens/new"
    assert is_fresh(grace)
    copy = Person(app)
    copy.client.set_cookie("session", former)
    assert copy.ask("GET", "/account").status_code == 303
    with factories.database_of(app).read() as db:
        assert db.query(ProviderSession).count() == 1


def test_a_script_is_told_of_this_way(grace, later):
    told = grace.ask("GET", "/tokens/new", headers={"Accept": "application/json"}).json
    assert told["methods"] == ["provider"]
    assert "with a login with your identity provider" in str(told)


@pytest.mark.parametrize("field", ["form_state", "kept"], ids=["this version", "a page of a former version"])
def test_a_form_that_waits_is_sent_after_the_confirmation(grace, later, upstream, field):
    grace.open("/dashboard")
    sent = {"name": "laptop", "scopes": "profile:read", "csrf_token": grace.csrf_token}
    grace.ask("POST", "/tokens/new", data=sent)
    assert "is kept" in grace.page.text
    values = {one.get("name"): one.get("value") for one in parsed(grace.page.text).iter("input")}
    assert form_state.parse(values["form_state"])
    sent = {"csrf_token": grace.csrf_token, "next": values["next"], field: values["form_state"]}
    page = grace.press("Confirm with Acme") if field == "form_state" else grace.visit("POST", CONFIRM, data=sent)
    assert "You are being sent to Acme" in page.text
    assert f'url={CONFIRM}?next=/login/resume"' in page.text.replace("%2F", "/")
    assert confirms(grace, upstream, f"{CONFIRM}?next=/login/resume").headers["Location"] == "/login/resume"
    assert "laptop" in grace.open("/login/resume").text


@pytest.mark.parametrize(
    ("change", "status"),
    [
        pytest.param(lambda up: up.claims.update(sub="u-9"), 403, id="another account there"),
        pytest.param(lambda up: up.id_claims.update(auth_time=None), 403, id="auth_time is missing"),
        pytest.param(time("auth_time", -300), 403, id="auth_time is too old"),
        pytest.param(time("auth_time", 300), 403, id="auth_time is in the future"),
        pytest.param(lambda up: up.id_claims.update(nonce="other"), 502, id="another login"),
        pytest.param(lambda up: up.parameters.update(error="login_required"), 400, id="an error"),
    ],
)
def test_what_is_not_a_new_login_of_this_account_does_not_confirm(grace, later, upstream, change, status):
    change(upstream)
    assert confirms(grace, upstream).status_code == status
    assert not is_fresh(grace)
    assert grace.open("/account").status_code == 200


def test_an_identity_of_somebody_else_does_not_confirm(app, grace, later, upstream):
    linked(app, factories.user(app, "ada"), "u-2")
    upstream.claims["sub"] = "u-2"
    answer = confirms(grace, upstream)
    assert answer.status_code == 403
    assert not is_fresh(grace)
    assert "grace" in grace.open("/account").text


def test_a_confirmation_counts_for_the_user_and_session_that_began_it(app, grace, later, upstream):
    given = upstream.authorized(leave(grace, CONFIRM))
    assert come_back(Person(app), given).status_code == 400
    grace.open("/dashboard")
    grace.press("Log out")
    assert come_back(grace, given).status_code == 400
    assert grace.ask("GET", CONFIRM).status_code == 303


def test_only_a_linked_provider_that_can_confirm_is_offered(app, grace, later, upstream):
    factories.user(app, "ada")
    ada = Person(app)
    ada.log_in("ada")
    for method in ("GET", "POST"):
        assert ada.ask(method, CONFIRM, data={"csrf_token": ada.csrf_token}).status_code in (404, 400)
    changed(app, kind="oauth2")
    page = grace.open("/tokens/new")
    assert "To confirm with Acme, <a" in page.text
    assert grace.ask("GET", CONFIRM).status_code == 404
    changed(app, kind="oidc", disabled_at=now())
    assert grace.ask("GET", CONFIRM).status_code == 404
    assert "Confirm with Acme" not in grace.open("/confirm").text


def test_a_user_with_a_password_has_both_ways(app, visitor, upstream, later):
    linked(app, factories.user(app, "ada"))
    visitor.log_in("ada")
    page = visitor.open("/confirm?next=/dashboard")
    assert "Confirm with Acme" in page.text
    assert 'type="password"' in page.text
    assert confirms(visitor, upstream).status_code == 303
    events = visitor.ask("GET", "/account/activity", headers={"Accept": "application/json"}).json["events"]
    assert "session.confirmed" in {event["event"] for event in events}


def test_a_session_of_two_factors_is_confirmed_by_two(app, upstream):
    person = Person(app)
    changed(app, trusted_acr=["mfa"])
    linked(app, factories.user(app, "ada"))
    upstream.id_claims["acr"] = "mfa"
    assert log_in(person, upstream).status_code == 303
    with time_machine.travel(now() + HOUR, tick=False):
        assert "Confirm with Acme" in person.open("/confirm").text
        upstream.id_claims["acr"] = "pwd"
        assert confirms(person, upstream).status_code == 403
        upstream.id_claims["acr"] = "mfa"
        assert confirms(person, upstream).status_code == 303
        changed(app, trusted_acr=[])
        assert "Confirm with Acme" not in person.open("/confirm").text


def test_the_session_that_the_provider_began_meanwhile_ends_this_one(app, grace, later, upstream):
    upstream.id_claims["sid"] = "s-2"
    confirms(grace, upstream)
    token = logout_token(upstream, sid="s-2")
    assert (
        app.test_client().post("/login/with/acme/backchannel-logout", data={"logout_token": token}).status_code == 200
    )
    assert grace.ask("GET", "/account").status_code == 303
