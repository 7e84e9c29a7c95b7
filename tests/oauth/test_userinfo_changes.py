"""userinfo tells what is true now: whatever it depends on is changed between two requests of one token."""

import jwt
import pytest

from tests import factories
from tests.oauth.app import registered
from tests.oauth.test_policies import change
from tests.script import Script
from webapp.accounts.models import User

SCOPE = "openid profile email groups"


def change_user(app, **columns):
    with factories.database_of(app).write() as db:
        user = db.query(User).filter_by(username=columns.pop("of", "ada")).one()
        for name, value in columns.items():
            setattr(user, name, value)


CHANGES = [
    ("user", {"display_name": "Ada L."}, {"name": "Ada L."}),
    ("user", {"username": "countess"}, {"preferred_username": "countess"}),
    ("user", {"of": "countess", "email": "a@example.com"}, {"email": "a@example.com"}),
    ("user", {"of": "countess", "email_verified_at": None}, {"email_verified": False}),
    ("user", {"of": "countess", "time_zone": "Asia/Tokyo"}, {"zoneinfo": "Asia/Tokyo"}),
    ("user", {"of": "countess", "language": "de"}, {"locale": "de"}),
    ("user", {"of": "countess", "role": "super_admin"}, {"groups": ["admin", "super_admin", "user"]}),
    ("app", {"group_roles": ["user"]}, {"groups": ["user"]}),
    ("app", {"hides_groups": True}, {"groups": []}),
]


def test_each_change_is_seen_with_the_next_request(app, person):
    wiki = registered(app, is_first_party=True)
    token = wiki.redeem(wiki.authorize(person, scope=SCOPE)["code"]).json["access_token"]
    script = Script(app, token)
    before = script.get("/oauth/userinfo").json
    for where, columns, expected in CHANGES:
        if where == "app":
            change(app, wiki, **columns)
        else:
            change_user(app, **columns)
        after = script.get("/oauth/userinfo").json
        changed = {name: sorted(v) if name == "groups" else v for name, v in after.items() if v != before.get(name)}
        assert changed == expected
        before = after
    change(app, wiki, signs_userinfo=True)
    signed = script.get("/oauth/userinfo")
    assert signed.content_type == "application/jwt"
    assert before.items() <= jwt.decode(signed.text, options={"verify_signature": False}).items()


def test_two_apps_and_a_script_learn_what_each_may(app, person):
    wiki, forum = registered(app, is_first_party=True), registered(app, "Forum", is_first_party=True)
    change(app, forum, has_pairwise_subjects=True, subject_salt="s" * 43, group_roles=["user"])
    found = {}
    for client in (wiki, forum, wiki):
        token = client.redeem(client.authorize(person, scope=SCOPE)["code"]).json["access_token"]
        found[client.client_id] = [Script(app, token).get("/oauth/userinfo").json for _twice in range(2)]
    first, second = found.values()
    assert first[0] == first[1]
    assert second[0] == second[1]
    assert first[0]["sub"] != second[0]["sub"]


@pytest.mark.parametrize("scope", ["openid", "openid email", "openid groups", "openid profile"])
def test_two_tokens_of_a_user_learn_by_their_own_scopes(app, person, scope):
    wiki = registered(app, is_first_party=True)
    every, few = (
        wiki.redeem(wiki.authorize(person, scope=each)["code"]).json["access_token"] for each in (SCOPE, scope)
    )
    named = {"openid": set(), "email": {"email", "email_verified"}, "groups": {"groups"}}
    named["profile"] = {"name", "preferred_username", "zoneinfo"}
    assert set(Script(app, every).get("/oauth/userinfo").json) >= {"sub", "name", "groups"}
    learned = set(Script(app, few).get("/oauth/userinfo").json) - {"sub"}
    assert learned <= set().union(*(named[one] for one in scope.split()))


def test_a_user_who_is_removed_during_the_request_is_401(app, person, monkeypatch):
    wiki = registered(app, is_first_party=True)
    token = wiki.redeem(wiki.authorize(person, scope=SCOPE)["code"]).json["access_token"]
    database = factories.database_of(app)
    read = database.row
    monkeypatch.setattr(database, "row", lambda sql, values=(): None if "oauth_client" in sql else read(sql, values))
    answer = Script(app, token).get("/oauth/userinfo")
    assert (answer.status_code, answer.json["error"]) == (401, "invalid_token")
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
