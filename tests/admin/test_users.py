"""Looking after people: who may do what to whom, and what it does at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import quote
from uuid import uuid4

import pytest
import time_machine
from flask import Flask

from tests import factories
from tests.browser import Person, parsed, text_of
from tests.letters import mails
from tests.script import Script
from tests.tables import contents, events
from webapp.accounts import browsing, roles
from webapp.accounts.models import User
from webapp.kernel.clock import now
from webapp.tokens import lifecycle

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


def test_what_was_mailed_before_somebody_was_disabled_lets_nobody_in_when_they_are_enabled(app, script, user):
    theirs = Person(app)
    theirs.log_in("ada")
    theirs.open("/account")
    theirs.press("Mail a link", email="eve@evil.example")
    stranger = Person(app)
    stranger.open("/forgot")
    stranger.press("Send me the link", username="ada")
    links = [mail.link for mail in mails(app) if mail.kind in ("confirm_address", "reset_password")]
    assert [Person(app).open(link).status_code for link in links] == [200, 200]
    for act in ("disable", "enable"):
        assert script.post(f"/admin/users/{user.id}/{act}", json={"reason": WHY}).status_code == 200
    assert [Person(app).open(link).status_code for link in links] == [404, 404]


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


@pytest.fixture
def porter(app: Flask, chief: User) -> User:
    """Somebody with a role of the house's own that includes admin."""
    with app.extensions["database"].write() as db:
        roles.add(db, "night_porter", "At night.", ["admin"])
    return factories.user(app, "mara", role="night_porter")


@pytest.mark.parametrize("act", ["disable", "enable", "end-sessions", "reset-link", "role", "delete"])
def test_whoever_has_more_than_an_admin_is_above_an_admin(app, script, porter, act):
    before = contents(app)
    sent = {"reason": WHY, "role": "user", "username": "mara"}
    assert script.post(f"/admin/users/{porter.id}/{act}", json=sent).status_code == 403
    assert contents(app) == before


def test_and_looks_after_admins_but_grants_nothing_that_looks_after_others(app, porter, admin, user):
    theirs = Script(app, factories.api_token(app, porter, "admin:write").token)
    for role in ("admin", "night_porter", "super_admin"):
        answer = theirs.post(f"/admin/users/{user.id}/role", json={"role": role, "reason": WHY})
        assert answer.status_code == 403
    assert theirs.post(f"/admin/users/{admin.id}/disable", json={"reason": WHY}).status_code == 200


@pytest.mark.parametrize("act", ["disable", "role", "delete", "reset-link", "end-sessions", "enable", "reset-factors"])
def test_no_page_to_act_on_somebody_above_is_even_shown(person, chief, act):
    assert person.open(f"/admin/users/{chief.id}/{act}").status_code == 403


def test_the_page_of_somebody_above_says_so_and_offers_nothing(person, chief):
    page = person.open(f"/admin/users/{chief.id}").text
    assert "may do more than you" in page
    assert "Disable…" not in page


@pytest.mark.parametrize("act", ["disable", "enable", "end-sessions", "reset-link", "role", "reset-factors"])
@pytest.mark.parametrize(
    "reason",
    [
        *("", " ", None, "x" * 201, 7, ["x"]),
        *("left\r\n\r\nThis was not me:\nhttps://evil.example/", "\x1b[31mleft", "\u202etfel", "left\u2028."),
    ],
)
def test_a_reason_is_one_line_of_at_most_two_hundred_characters(app, script, user, act, reason):
    before = contents(app)
    answer = script.post(f"/admin/users/{user.id}/{act}", json={"role": "user", "reason": reason})
    assert answer.status_code in (400, 422)
    assert contents(app) == before


@pytest.mark.parametrize("role", ["king", "", " ", "ADMIN", "user'--", "x" * 300, None, 7, ["user"], {"a": 1}])
def test_a_role_that_there_is_none_of_is_given_to_nobody(app, script, user, role):
    assert script.post(f"/admin/users/{user.id}/role", json={"role": role, "reason": WHY}).status_code in (400, 422)
    assert role_of(app, user) == "user"


def test_an_old_session_proves_itself_before_it_acts(app, user):
    factories.user(app, "ines", role="admin")
    with time_machine.travel(now(), tick=False) as clock:
        ines = Person(app)
        ines.log_in("ines")
        clock.shift(timedelta(minutes=11))
        assert ines.open(f"/admin/users/{user.id}").status_code == 200
        assert "/confirm" in ines.open(f"/admin/users/{user.id}/disable").request.path
        sent = {"reason": WHY, "csrf_token": ines.csrf_token}
        ines.ask("POST", f"/admin/users/{user.id}/disable", data=sent)
    assert events(app, "user.disabled") == []


@pytest.mark.parametrize(
    "ids",
    [[], ["x"], [NOBODY], [""], ["1", "2"], "all", 7, None, {"a": 1}, [["x"]], [None], ["%"]],
    ids=str,
)
def test_rubbish_in_place_of_people_disables_nobody(app, script, user, ids):
    before = contents(app)
    answer = script.post("/admin/users/disable", json={"ids": ids, "reason": WHY})
    assert answer.status_code in (400, 404, 422)
    assert contents(app) == before


def test_one_who_is_not_there_saves_all_the_others(app, script, user):
    before = contents(app)
    assert script.post("/admin/users/disable", json={"ids": [str(user.id), NOBODY], "reason": WHY}).status_code == 404
    assert contents(app) == before


def test_at_most_a_hundred_are_disabled_at_once(app, script):
    ids = [str(uuid4()) for _ in range(101)]
    answer = script.post("/admin/users/disable", json={"ids": ids, "reason": WHY})
    assert (answer.status_code, answer.json["title"]) == (422, "Too many at once")


def test_the_same_one_twice_is_one(app, script, user):
    sent = {"ids": [str(user.id), str(user.id).upper()], "reason": WHY}
    assert script.post("/admin/users/disable", json=sent).json["people"] == 1


def test_people_tick_several_see_what_it_ends_and_disable_them(app, person, user):
    bob = factories.user(app, "bob")
    factories.api_token(app, bob)
    theirs = Person(app)
    theirs.log_in("ada")
    person.open(f"/admin/users/disable?ids={user.id}&ids={bob.id}")
    assert "Disable two people?" in person.page.text
    assert "ends one session and no tokens" in person.page.text
    assert "ends no sessions and one token" in person.page.text
    assert "2 people are disabled." in person.press("Disable two people", reason=WHY).text
    assert theirs.open("/dashboard").request.path == "/login"


def test_the_last_super_admin_is_not_disabled_among_others(app, chief, user):
    keeper = Person(app)
    keeper.log_in("chief")
    keeper.open(f"/admin/users/disable?ids={user.id}&ids={chief.id}")
    assert keeper.press("Disable two people", reason=WHY).status_code == 409
    assert events(app, "user.disabled") == []


def in_state(app: Flask, name: str, **facts: object) -> None:
    made = factories.user(app, name)
    with app.extensions["database"].write() as db:
        found = db.get_one(User, made.id)
        for field, value in facts.items():
            setattr(found, field, value)


def names(script: Script, query: str) -> set[str]:
    return {found["username"] for found in script.get(f"/admin/users?{query}").json["people"]}


def test_each_filter_finds_whom_it_says(app, script, admin):
    in_state(app, "never")
    in_state(app, "dormant", last_login_at=now() - timedelta(days=91))
    in_state(app, "awake", last_login_at=now() - timedelta(days=89))
    in_state(app, "disabled", disabled_at=now(), last_login_at=now())
    in_state(app, "scripted", last_login_at=now())
    with app.extensions["database"].read() as db:
        scripted = browsing.named(db, "scripted")
    factories.api_token(app, scripted)
    assert {"never", "ines"} == names(script, "view=never")
    assert {"dormant"} == names(script, "view=dormant")
    assert {"disabled"} == names(script, "view=disabled")
    assert {"scripted", "ines"} == names(script, "view=tokens")
    assert {"ines"} == names(script, "role=admin")
    assert {"scripted"} == names(script, "role=user&view=tokens")
    assert {"dormant"} == names(script, "q=d&view=dormant")
    assert set() == names(script, "role=nobody_has_it")


def test_a_token_that_ended_is_none_to_the_filter(app, script, admin, user):
    issued = factories.api_token(app, user)
    assert "ada" in names(script, "view=tokens")
    with app.extensions["database"].write() as db:
        lifecycle.revoke(db, user.id, issued.entry.id)
    assert "ada" not in names(script, "view=tokens")


@pytest.mark.parametrize("sort", ["created", "seen"])
def test_sorted_by_time_the_latest_come_first_and_those_who_never_did_last(app, script, sort):
    for days, name in ((3, "three"), (1, "one"), (2, "two")):
        moment = now() - timedelta(days=days)
        in_state(app, name, created_at=moment, last_login_at=moment)
    found = [person["username"] for person in script.get(f"/admin/users?sort={sort}").json["people"]]
    assert [name for name in found if name in ("one", "two", "three")] == ["one", "two", "three"]
    assert sort == "created" or found[-1] == "ines"


@pytest.mark.parametrize("sort", ["name", "created", "seen"])
def test_a_page_after_somebody_who_is_gone_begins_nowhere(script, sort):
    answer = script.get(f"/admin/users?sort={sort}&after={NOBODY}")
    assert (answer.status_code, list(answer.json["errors"])) == (400, ["after"])


@pytest.mark.parametrize("q", ["%", "_", "*", "[a-z]", "'", '"', "a' OR '1'='1", "\\"])
def test_what_a_database_would_take_for_a_pattern_is_a_name_nobody_has(script, q):
    assert names(script, f"q={quote(q)}") == set()


def test_the_page_of_a_person_has_all_there_is_to_know(app, person, user):
    theirs = Person(app, user_agent="Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/140.0")
    theirs.log_in("ada")
    factories.api_token(app, user, "protected:read", name="backup-nas")
    page = person.open(f"/admin/users/{user.id}").text
    for words in ("ada@example.org", "One device and one token", "Firefox on Windows", "backup-nas", "protected:read"):
        assert words in page
    assert "guarded addresses are open" in page
    assert "ada</b> logged in with their password" in page
    assert str(user.id) in page


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"disabled_at": now()}, "Disabled, they reach nothing; this is what enabling gives back."),
        ({"email_verified_at": None}, "Until they prove their address, they reach nothing; this is what comes then."),
        ({"closes_at": now()}, "Closed, they reach nothing; this is what they come back to."),
        ({}, "What they can reach, and the line of the guard that decides. 7"),
    ],
)
def test_where_it_says_what_somebody_reaches_it_says_what_keeps_them_out(app, person, facts, words):
    in_state(app, "out", **facts)
    with app.extensions["database"].read() as db:
        out = browsing.named(db, "out")
    assert words in text_of(parsed(person.open(f"/admin/users/{out.id}").text))


def test_it_says_what_keeps_somebody_from_doing_anything(app, person):
    in_state(app, "waiting", email_verified_at=None)
    in_state(app, "closing", closes_at=now() + timedelta(days=9))
    with app.extensions["database"].read() as db:
        waiting, closing = (browsing.named(db, name) for name in ("waiting", "closing"))
    assert "not proven yet" in person.open(f"/admin/users/{waiting.id}").text
    assert "unless they come back" in person.open(f"/admin/users/{closing.id}").text


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


def test_a_page_says_what_somebody_reaches_and_why(person, user):
    page = person.open(f"/admin/users/{user.id}").text
    assert "It takes the role admin." in page
    assert "Any account may." in page


def test_hostile_queries_are_refused_in_words(script):
    for query in ("view=x", "sort=x", "after=1", "q=%00", "role=%27", "q=" + "a" * 400):
        assert script.get(f"/admin/users?{query}").status_code == 400
