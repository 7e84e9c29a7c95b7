"""The URL of every form can be opened: after a form was sent, Reload and Back open its URL with GET."""

import html
import re

import pytest

from tests import factories, restored_site
from tests.browser import HTML, Person
from webapp.guard.require import requirement_of

restored, app = restored_site.fixtures()

ID = "11111111-1111-4111-8111-111111111111"
ABOVE = {
    "/account/apps/<uuid:client_id>/withdraw": "/account/apps",
    "/account/email": "/account",
    "/account/email/cancel": "/account",
    "/account/export": "/account",
    "/account/keep": "/account",
    "/account/mails": "/account",
    "/account/sessions/<uuid:session_id>/end": "/account/sessions",
    "/account/app-access/<slug>/ask": "/account/app-access",
    "/account/app-access/<slug>/end": "/account/app-access",
    "/account/owned-apps/<slug>/grants/<uuid:user_id>/end": f"/account/owned-apps/{ID}",
    "/account/owned-apps/<slug>/guest-links": "/account/owned-apps/x",
    "/account/owned-apps/<slug>/guest-links/<uuid:link_id>/revoke": f"/account/owned-apps/{ID}",
    "/account/owned-apps/<slug>/requests/<uuid:request_id>/decline": f"/account/owned-apps/{ID}",
    "/account/owned-apps/<slug>/requests/<uuid:request_id>/grant": f"/account/owned-apps/{ID}",
    "/account/sessions/apps/<uuid:login_id>/end": "/account/sessions",
    "/account/sessions/stay": "/account/sessions",
    "/account/sessions/trusted/<uuid:trust_id>/end": "/account/sessions",
    "/admin/clients/<uuid:client_id>/enable": f"/admin/clients/{ID}",
    "/admin/clients/<uuid:client_id>/secret": f"/admin/clients/{ID}",
    "/admin/clients/<uuid:client_id>/test": f"/admin/clients/{ID}",
    "/admin/clients/logouts/<uuid:notice_id>/retry": "/admin/clients/logouts",
    "/admin/clients/registration/<uuid:token_id>/revoke": "/admin/clients/registration",
    "/admin/identity-providers/<uuid:provider_id>/enable": f"/admin/identity-providers/{ID}",
    "/admin/identity-providers/<uuid:provider_id>/rules/remove": f"/admin/identity-providers/{ID}/rules",
    "/admin/identity-providers/<uuid:provider_id>/rules/test": f"/admin/identity-providers/{ID}/rules",
    "/admin/identity-providers/<uuid:provider_id>/rules/up": f"/admin/identity-providers/{ID}/rules",
    "/admin/identity-providers/<uuid:provider_id>/up": f"/admin/identity-providers/{ID}",
    "/admin/proxied-apps/<uuid:app_id>/enable": f"/admin/proxied-apps/{ID}",
    "/admin/proxied-apps/<uuid:app_id>/rules/<uuid:rule_id>/down": f"/admin/proxied-apps/{ID}/rules",
    "/admin/proxied-apps/<uuid:app_id>/rules/<uuid:rule_id>/up": f"/admin/proxied-apps/{ID}/rules",
    "/admin/invitations/<uuid:invitation_id>/revoke": "/admin/invitations",
    "/admin/mail/<uuid:mail_id>/retry": "/admin/mail",
    "/admin/mail/test": "/admin/mail",
    "/login/with/<slug>/link/discard": "/login/with/x/link",
    "/device/decision": "/device",
    "/oauth/end-session/confirm": "/oauth/end-session",
    "/tokens/<uuid:token_id>/drop": f"/tokens/{ID}",
    "/tokens/<uuid:token_id>/summary": f"/tokens/{ID}",
    "/tokens/logins/<uuid:login_id>/end": "/tokens",
    "/tokens/self/rotate": "/tokens",
    "/tokens/summary": "/tokens",
}


def path_of(rule, user_id=ID):
    filled = dict.fromkeys(rule.arguments, ID if "uuid:" in rule.rule else "x") | {"user_id": user_id}
    return rule.build(filled, append_unknown=False)[1] if rule.arguments else rule.rule


@pytest.fixture
def admin(app):
    person = Person(app)
    person.user = factories.user(app, "root", role="super_admin")
    person.log_in("root")
    return person


def is_of_services(rule):
    return rule.rule.startswith("/admin/users/<uuid:user_id>/") and rule.rule.endswith(("/hand-over", "/tokens/new"))


def forms(app):
    return [
        rule
        for rule in app.url_map.iter_rules()
        # Scripts of pages send it, and show its answer on the page.
        if rule.rule != "/password-strength"
        and "POST" in rule.methods
        and (requirement := requirement_of(app, rule.endpoint))
        and requirement.reads_cookies
    ]


def test_the_url_of_every_form_is_a_page_or_redirects_to_one(app, admin):
    opened = {rule.rule for rule in app.url_map.iter_rules() if "GET" in rule.methods}
    led = {}
    for rule in forms(app):
        answer = admin.ask("GET", path_of(rule, admin.user.id))
        # A person is no service account.
        assert answer.status_code in ((409,) if is_of_services(rule) else (200, 303, 403, 404)), rule.rule
        if rule.rule.startswith("/admin/users/") and rule.arguments <= {"user_id"} and not is_of_services(rule):
            assert answer.status_code in (200, 303), rule.rule
        elif rule.rule not in opened and answer.status_code == 303 and "/admin/users/" not in rule.rule:
            led[rule.rule] = answer.location
    assert led == ABOVE


def test_scripts_are_still_refused_with_the_methods_that_are_allowed(app, script):
    for rule in forms(app):
        if rule.rule in ABOVE:
            answer = script.get(path_of(rule))
            assert (answer.status_code, "POST" in answer.headers["Allow"]) == (405, True)


@pytest.mark.parametrize(
    "path", ["/api/auth", "/nowhere/at/all", "//evil.example/account/email", "/account/email/../x"]
)
def test_other_urls_without_get_are_405(app, path):
    answer = Person(app).ask("GET", path, headers={"Accept": HTML})
    assert answer.location is None or answer.location.startswith("/account")
    assert answer.status_code in (303, 308, 404, 405)


def entry_of(page):
    found = re.search(r'js/replace-history-entry\.js" data-url="([^"]*)"', page.text)
    return html.unescape(found[1]) if found else None


def test_a_page_that_answers_a_form_replaces_its_history_entry_by_a_get(app, person):
    assert entry_of(person.open("/account")) is None
    refused = person.press("Save profile", username="")
    assert (refused.status_code, entry_of(refused)) == (422, "")
    assert entry_of(person.open("/account")) is None


def test_a_reloaded_refused_login_keeps_its_next_page(visitor):
    visitor.open("/login?next=/tokens%3Fstate%3Dended%2526x")
    refused = visitor.press("Log in", username="ada", password="wrong")
    assert visitor.open(entry_of(refused)).request.path == "/login"
    assert 'name="next" type="hidden" value="/tokens?state=ended%26x"' in visitor.page.text


def test_reload_does_not_create_a_token_again_but_opens_its_page(person):
    person.open("/tokens/new")
    shown = person.press("Create token", name="laptop", scopes=["profile:read"])
    assert "laptop" in person.open(entry_of(shown)).text
    assert person.page.request.path.startswith("/tokens/")


def test_a_refused_confirmation_keeps_its_next_page(person):
    person.open("/confirm?next=/tokens")
    refused = person.press("Confirm", password="wrong")
    assert (refused.status_code, entry_of(refused)) == (422, "/confirm?next=/tokens")
