"""Looking after people: who may do what to whom, and what it does at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import event

from tests import factories
from tests.browser import Person
from tests.script import Script
from tests.tables import contents, events
from webapp.accounts.models import User

WHY = "left the house"
NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def chief(app: Flask) -> User:
    return factories.user(app, "chief", role="super_admin")


@pytest.fixture
def admin(app: Flask) -> User:
    return factories.user(app, "ines", role="admin")


@pytest.fixture
def person(app: Flask, admin: User) -> Person:
    """Ines, an admin, at her browser."""
    made = Person(app)
    made.log_in("ines")
    return made


@pytest.fixture
def script(app: Flask, admin: User) -> Script:
    return Script(app, factories.api_token(app, admin, "admin:read", "admin:write").token)


def role_of(app: Flask, user: User) -> str:
    with app.extensions["database"].read() as db:
        return str(db.get_one(User, user.id).role)


def test_a_disabled_user_is_sent_to_the_login_and_their_script_is_refused(app, person, user):
    theirs, machine = Person(app), Script(app, factories.api_token(app, user).token)
    theirs.log_in("ada")
    assert machine.get("/dashboard").status_code == 200
    person.open(f"/admin/users/{user.id}/disable")
    assert "one session" in person.page.text
    assert "one token" in person.page.text
    assert person.press("Disable ada", reason=WHY).status_code == 200
    assert theirs.open("/dashboard").request.path == "/login"
    assert machine.get("/dashboard").json["code"] == "token_revoked"


def test_what_was_done_is_written_down_with_who_and_why(app, person, admin, user):
    person.open(f"/admin/users/{user.id}/disable")
    person.press("Disable ada", reason=WHY)
    (noted,) = events(app, "user.disabled")
    assert noted["actor_id"] == admin.id.hex
    assert WHY in str(noted["details"])


def test_whom_it_concerns_is_told_by_mail(app, person, user):
    person.open(f"/admin/users/{user.id}/disable")
    person.press("Disable ada", reason=WHY)
    assert any("account_disabled" in row and "ada@example.org" in row for row in contents(app)["outgoing_mail"])


def test_nothing_is_done_without_a_reason(app, script, user):
    before = contents(app)
    answer = script.post(f"/admin/users/{user.id}/disable", json={"reason": ""})
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["reason"])
    assert contents(app) == before


@pytest.mark.parametrize("act", ["disable", "enable", "end-sessions", "reset-link", "role", "delete"])
def test_an_admin_does_nothing_to_a_super_admin(app, script, chief, act):
    before = contents(app)
    answer = script.post(f"/admin/users/{chief.id}/{act}", json={"reason": WHY, "role": "user", "username": "chief"})
    assert answer.status_code == 403
    assert contents(app) == before


@pytest.mark.parametrize("role", ["admin", "super_admin"])
def test_an_admin_grants_nothing_that_looks_after_others(app, script, user, role):
    answer = script.post(f"/admin/users/{user.id}/role", json={"role": role, "reason": WHY})
    assert answer.status_code == 403
    assert role_of(app, user) == "user"


def test_a_super_admin_grants_admin_and_it_counts_on_the_next_request(app, chief, user):
    theirs = Script(app, factories.api_token(app, user, "protected:read").token)
    assert theirs.get("/protected/admin").status_code == 403
    keeper = Script(app, factories.api_token(app, chief, "admin:write").token)
    assert keeper.post(f"/admin/users/{user.id}/role", json={"role": "admin", "reason": WHY}).json["role"] == "admin"
    assert theirs.get("/protected/admin").status_code == 200


def test_the_last_super_admin_stays(app, chief):
    keeper = Person(app)
    keeper.log_in("chief")
    for act, more in (("disable", {}), ("role", {"role": "user"}), ("delete", {"username": "chief"})):
        keeper.open(f"/admin/users/{chief.id}/{act}")
        sent = {"reason": WHY, "csrf_token": keeper.csrf_token} | more
        assert keeper.ask("POST", f"/admin/users/{chief.id}/{act}", data=sent).status_code == 409
    assert role_of(app, chief) == "super_admin"


@pytest.mark.parametrize("act", ["disable", "enable", "end-sessions", "reset-link", "reset-factors", "delete"])
def test_a_token_does_nothing_to_its_own_owner(make_app, act):
    app = make_app(WEBAPP_SMTP_URL="smtp://127.0.0.1:1")
    chief, _ = factories.user(app, "chief", role="super_admin"), factories.user(app, "other", role="super_admin")
    script = Script(app, factories.api_token(app, chief, "admin:write").token)
    before = contents(app)
    sent = {"reason": WHY, "username": "chief"}
    assert script.post(f"/admin/users/{chief.id}/{act}", json=sent).status_code == 403
    together = script.post("/admin/users/disable", json={"ids": [str(chief.id)], "reason": WHY})
    assert together.status_code == 403
    assert contents(app) == before


def test_of_two_super_admins_who_demote_each_other_at_once_one_stays(app, chief):
    other = factories.user(app, "other", role="super_admin")
    pairs = [(chief, other), (other, chief)]
    scripts = [(Script(app, factories.api_token(app, by, "admin:write").token), whom) for by, whom in pairs]

    def demote(pair: tuple[Script, User]) -> int:
        script, whom = pair
        return script.post(f"/admin/users/{whom.id}/role", json={"role": "user", "reason": WHY}).status_code

    with ThreadPoolExecutor(2) as pool:
        codes = sorted(pool.map(demote, scripts))
    assert codes in ([200, 403], [200, 409])
    assert sorted((role_of(app, chief), role_of(app, other))) == ["super_admin", "user"]


@pytest.mark.parametrize("user_id", [NOBODY, "nonsense", "1", "' OR 1=1"])
def test_who_is_not_there_is_404(script, user_id):
    assert script.get(f"/admin/users/{user_id}").status_code == 404
    assert script.post(f"/admin/users/{user_id}/disable", json={"reason": WHY}).status_code == 404


def test_what_a_form_does_not_ask_for_changes_nothing(app, script, user):
    sent = {"reason": WHY, "role": "super_admin", "password_hash": "x", "email": "evil@example.org", "id": NOBODY}
    assert script.post(f"/admin/users/{user.id}/end-sessions", json=sent).status_code == 200
    with app.extensions["database"].read() as db:
        found = db.get_one(User, user.id)
    assert (found.role, found.email) == ("user", "ada@example.org")


def test_several_are_disabled_together_or_not_at_all(app, script, chief, user):
    bob = factories.user(app, "bob")
    refused = script.post("/admin/users/disable", json={"ids": [str(user.id), str(chief.id)], "reason": WHY})
    assert refused.status_code == 403
    assert events(app, "user.disabled") == []
    done = script.post("/admin/users/disable", json={"ids": [str(user.id), str(bob.id)], "reason": WHY})
    assert done.json["people"] == 2


def test_deleting_takes_the_name_typed_in_full_and_the_log_keeps_what_happened(app, script, user):
    assert script.post(f"/admin/users/{user.id}/delete", json={"username": "Ada", "reason": WHY}).status_code == 422
    assert script.post(f"/admin/users/{user.id}/delete", json={"username": "ada", "reason": WHY}).status_code == 204
    assert script.get(f"/admin/users/{user.id}").status_code == 404
    assert {event["user_id"] for event in events(app, "user.made")} >= {user.id.hex}
    assert script.get(f"/admin/audit?user={user.id}").json["events"][0]["event"] == "user.deleted"


@pytest.mark.parametrize("path", ["/admin", "/admin/users", "/admin/roles", "/admin/audit", "/admin/audit.csv"])
def test_without_the_role_no_page_of_looking_after_opens(app, user, path):
    theirs = Person(app)
    theirs.log_in("ada")
    assert theirs.open(path).status_code == 403
    # Such a token cannot be minted by its owner; one that was minted before a demotion opens nothing.
    assert Script(app, factories.api_token(app, user, "admin:read").token).get(path).status_code == 403


def test_a_token_that_only_reads_changes_nothing(app, admin, user):
    reader = Script(app, factories.api_token(app, admin, "admin:read").token)
    assert reader.get("/admin/users").status_code == 200
    answer = reader.post(f"/admin/users/{user.id}/disable", json={"reason": WHY})
    assert (answer.status_code, answer.json["code"]) == (403, "scope_required")


def test_people_are_found_by_the_beginning_of_name_or_address(app, script):
    factories.user(app, "Zora", email="first@example.org")
    factories.user(app, "yan", email="zed@example.org")
    factories.user(app, "azora", email="other@example.org")
    found = script.get("/admin/users?q=Z").json["people"]
    assert [person["username"] for person in found] == ["yan", "Zora"]


@pytest.mark.parametrize("sort", ["name", "created", "seen"])
@pytest.mark.parametrize("view", ["", "never"])
def test_the_pages_of_the_list_hold_everybody_once(app, script, sort, view):
    for number in range(60):
        factories.user(app, f"p{number:02}")
    seen: list[str] = []
    path = f"/admin/users?sort={sort}&view={view}"
    after = ""
    while True:
        answer = script.get(path + after).json
        seen += [person["username"] for person in answer["people"]]
        if answer["after"] is None:
            break
        after = f"&after={answer['after']}"
    assert len(seen) == len(set(seen)) >= 61 - (view == "never")


def test_the_list_asks_the_database_as_often_for_many_as_for_few(app, person):
    asked: list[str] = []
    engine = app.extensions["database"].engine
    event.listen(engine, "before_cursor_execute", lambda *a: asked.append(a[2]))
    person.open("/admin/users")
    few = len(asked)
    for number in range(20):
        factories.user(app, f"p{number:02}")
    asked.clear()
    person.open("/admin/users")
    assert len(asked) == few


def test_a_page_says_what_somebody_reaches_and_why(person, user):
    page = person.open(f"/admin/users/{user.id}").text
    assert "It takes the role admin." in page
    assert "Any account may." in page


def test_hostile_queries_are_refused_in_words(script):
    for query in ("view=x", "sort=x", "after=1", "q=%00", "role=%27", "q=" + "a" * 400):
        assert script.get(f"/admin/users?{query}").status_code == 400
