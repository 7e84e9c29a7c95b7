"""One count is the same number everywhere: on pages, in confirmations, in JSON and in commands."""

import json
import re
from datetime import timedelta

import pytest

from tests import factories
from tests.browser import Person
from tests.login.scripts import log_in, refresh
from tests.script import Script
from webapp.core.clock import now
from webapp.credentials.live_counts import live_counts, live_counts_of
from webapp.credentials.models import Credential

WHY = "They asked for it by phone."
SESSIONS, LOGINS, TOKENS = 2, 1, 2
NUMBERS = {"sessions": SESSIONS, "script_logins": LOGINS, "tokens": TOKENS}


@pytest.fixture
def ada(app, user):
    """Logged in twice, with two API tokens, and a script login that has three live access tokens."""
    Person(app).log_in("ada")
    for name in ("laptop", "backup"):
        factories.api_token(app, user, "profile:read", "tokens:read", name=name)
    answer = log_in(app)
    for _turn in range(2):
        answer = refresh(app, answer["refresh_token"]).json
    person = Person(app)
    person.log_in("ada")
    return person


@pytest.fixture
def chief(app, ada):
    factories.user(app, "chief", role="super_admin")
    made = Person(app)
    made.log_in("chief")
    return made


def plain(page):
    """The text of a page, without markup, in one line."""
    main = page.text.partition("<main")[2] or page.text
    return " ".join(re.sub(r"<[^>]*>", " ", main).split())


@pytest.mark.parametrize(
    ("path", "sentences"),
    [
        ("/dashboard", ["2 devices, 2 tokens and 1 script login can use your account", "curl/8.5.0 Script login"]),
        ("/tokens", ["Active 2", "Script logins", "curl/8.5.0"]),
        ("/tokens/revoke-all", ["Revoke 2 tokens and 1 script login?"]),
        ("/account/sessions", ["2 devices", "1 script login", "curl/8.5.0"]),
        ("/account/security", ["2 devices, 2 API tokens and 1 script login have access", "curl/8.5.0"]),
        ("/account/security/end-everything", ["2 API tokens", "1 script login : curl/8.5.0"]),
        ("/account/close", ["on 2 devices", "2 API tokens and 1 script login stop working"]),
        ("/account/password", ["1 script login: curl/8.5.0", "my 2 API tokens"]),
    ],
)  # fmt: skip
def test_every_account_page_shows_the_same_numbers(ada, path, sentences):
    text = plain(ada.open(path))
    assert [sentence for sentence in sentences if sentence not in text] == [], text[:2000]


@pytest.mark.parametrize(
    ("path", "sentences"),
    [
        ("/admin/users", ["2 devices, 2 API tokens, 1 script login"]),
        ("/admin/users?view=tokens", ["2 devices, 2 API tokens, 1 script login"]),
        ("/admin/users/{id}", ["2 devices, 2 API tokens and 1 script login can use this account now", "curl/8.5.0"]),
        ("/admin/users/{id}/disable", ["2 sessions", "2 API tokens", "1 script login"]),
        ("/admin/users/{id}/delete", ["2 sessions", "2 API tokens", "1 script login"]),
        ("/admin/users/{id}/end-sessions", ["End 2 sessions"]),
        ("/admin/users/disable?ids={id}", ["2 sessions, 2 API tokens and 1 script login end."]),
    ],
)
def test_every_admin_page_shows_the_same_numbers(chief, user, path, sentences):
    text = plain(chief.open(path.format(id=user.id)))
    assert [sentence for sentence in sentences if sentence not in text] == [], text[:2000]


def test_every_json_for_the_user_has_the_same_numbers(app, user, ada):
    script = Script(app, factories.api_token(app, user, "profile:read", "tokens:read", name="third").token)
    for path in ("/dashboard", "/account/security", "/account/sessions", "/tokens"):
        answer = script.get(path).json
        found = {name: len(answer[name]) for name in NUMBERS if name in answer}
        assert found == {name: (NUMBERS | {"tokens": TOKENS + 1})[name] for name in found}, path
        assert "script_logins" in found
    assert script.get("/tokens").json["total"] == script.get("/account/security").json["token_count"] == TOKENS + 1


def test_every_json_for_administrators_has_the_same_numbers(app, user, ada):
    chief = factories.user(app, "chief", role="super_admin")
    script = Script(app, factories.api_token(app, chief, "admin:read", "admin:write").token)
    entry = next(one for one in script.get("/admin/users").json["people"] if one["username"] == "ada")
    details = script.get(f"/admin/users/{user.id}").json
    assert [{name: found[name] for name in NUMBERS} for found in (entry, details)] == [NUMBERS, NUMBERS]
    lists = {"sessions": "session_list", "script_logins": "script_login_list", "tokens": "token_list"}
    assert {name: len(details[listed]) for name, listed in lists.items()} == NUMBERS
    ended = script.post("/admin/users/disable", json={"ids": [str(user.id)], "reason": WHY}).json
    assert ended == {"people": 1} | NUMBERS


def test_every_command_prints_the_same_numbers(run, ada):
    entry = next(one for one in json.loads(run("user list --json").stdout) if one["username"] == "ada")
    shown = json.loads(run("user show ada --json").stdout)
    assert [{name: found[name] for name in NUMBERS} for found in (entry, shown)] == [NUMBERS, NUMBERS]
    words = "2 sessions, 1 script login, 2 API tokens"
    assert words in run("user show ada").stdout
    assert len(json.loads(run("user sessions ada --json").stdout)) == SESSIONS
    assert len(json.loads(run("token list ada --json").stdout)) == TOKENS + LOGINS
    assert run("user disable ada").stderr == f"ada is disabled. Ended: {words}.\n"


@pytest.mark.parametrize(
    ("path", "ended"),
    [
        ("/tokens/revoke-all", {"revoked": TOKENS + LOGINS, "script_logins": LOGINS, "tokens": TOKENS}),
        ("/account/sessions/end-others", {"ended": SESSIONS - 1}),
        ("/account/security/end-everything", NUMBERS | {"sessions": SESSIONS - 1, "tokens_kept": 0}),
    ],
)
def test_ended_credentials_are_counted_as_they_were_shown(ada, path, ended):
    ada.open("/account/security")
    headers = {"Accept": "application/json", "X-CSRF-Token": ada.csrf_token}
    assert ada.ask("POST", path, json={}, headers=headers).json == ended


def test_a_script_login_counts_while_it_can_refresh_or_one_of_its_access_tokens_is_live(app, user, database):
    log_in(app)
    with database.write() as db:
        db.query(Credential).filter(Credential.kind == "refresh").update({"idle_at": now() - timedelta(seconds=1)})
        assert live_counts_of(db, user.id).script_logins == 1
        db.query(Credential).filter(Credential.family_id.is_not(None)).update({"expires_at": now()})
        assert live_counts_of(db, user.id).script_logins == 0
        assert live_counts(db) == {}
