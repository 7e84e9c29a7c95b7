"""Forms that were open while the session changed in another tab: kept for the user who filled them in."""

import pytest

from tests import factories
from tests.browser import Person
from tests.login.test_resume import SENT, display_name, kept, press_log_in

SECRETS = {"WEBAPP_SECRET_KEY": "Zq3v8LxM2rT7nW0bYc5dKf9hJs1pGuQe"}


@pytest.fixture
def other_tab(person):
    """Another tab of Ada's browser."""
    person.open("/account")
    tab = Person(person.app)
    tab.client = person.client
    return tab


def log_out(tab):
    tab.open("/dashboard")
    tab.press("Log out")


def test_a_form_is_offered_again_after_a_logout_and_a_login_in_another_tab(person, other_tab, app, user):
    log_out(other_tab)
    other_tab.log_in("ada")
    answer = person.press("Save profile", display_name="Countess")
    assert (answer.status_code, "Countess" in answer.text) == (403, True)
    assert display_name(app, user) is None
    assert person.press("Send form").status_code == 200
    assert display_name(app, user) == "Countess"


def test_a_form_sent_after_a_logout_in_another_tab_is_offered_after_the_login(person, other_tab, app, user):
    log_out(other_tab)
    assert "/account</b> is kept" in person.press("Save profile", display_name="Countess").text
    other_tab.log_in("ada")
    assert press_log_in(person).request.path == "/login/resume"
    person.press("Send form")
    assert display_name(app, user) == "Countess"


def test_a_form_of_another_user_is_never_sent_as_the_current_user(person, other_tab, app, user):
    eve = factories.user(app, "eve")
    log_out(other_tab)
    other_tab.log_in("eve")
    answer = person.press("Save profile", display_name="Countess")
    assert (answer.status_code, "belongs to another account" in answer.text) == (403, True)
    assert "Countess" not in answer.text
    assert "Countess" not in other_tab.open("/login/resume").text
    assert display_name(app, eve) is None


def test_such_a_form_is_kept_for_the_user_who_filled_it_in(person, other_tab, app, user):
    factories.user(app, "eve")
    log_out(other_tab)
    other_tab.log_in("eve")
    assert "kept for 1 hour" in person.press("Save profile", display_name="Countess").text
    log_out(other_tab)
    page = other_tab.log_in("ada")
    assert (page.request.path, "Countess" in page.text) == ("/login/resume", True)


def test_a_button_of_an_earlier_session_is_offered_again_and_not_saved(person, other_tab, app):
    log_out(other_tab)
    other_tab.log_in("ada")
    assert person.press("Log out").status_code == 403
    assert kept(app) == []
    assert person.press("Send form").request.path == "/login"


def test_open_forms_work_after_a_confirmation_in_another_tab(person, other_tab, app, user):
    other_tab.open("/confirm?next=/dashboard")
    other_tab.press("Confirm", password=factories.PASSWORD)
    assert person.press("Save profile", display_name="Countess").status_code == 200
    assert display_name(app, user) == "Countess"


def test_open_forms_work_after_a_change_of_the_secret_key(make_app, person, app, user):
    person.open("/account")
    key = app.config["SECRET_KEY"]
    after = Person(make_app(**SECRETS, WEBAPP_SECRET_KEY_FALLBACKS=key))
    after.client.set_cookie("session", person.cookie)
    after.page = person.page
    assert after.press("Save profile", display_name="Countess").status_code == 200
    assert display_name(app, user) == "Countess"


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_form_of_an_earlier_session_from_another_site_is_refused(person, other_tab, app, site):
    log_out(other_tab)
    other_tab.log_in("ada")
    answer = person.ask(
        "POST", "/account", data={"csrf_token": person.csrf_token, **SENT}, headers={"Sec-Fetch-Site": site}
    )
    assert (answer.status_code, "Countess" in answer.text) == (403, False)
    assert kept(app) == []
