"""An admin ends one session, API token or script login of another user, but not of one with more permissions."""

from itertools import product

import pytest

from tests import factories
from tests.admin.admin_objects import NOBODY, WHY, by_session
from tests.browser import Person
from tests.login.scripts import log_in, works
from tests.outbox_mails import mails
from tests.script import Script
from tests.tables import contents, events
from webapp.accounts import roles
from webapp.accounts.models import User
from webapp.credentials.live_counts import live_counts_of
from webapp.sessions import lifecycle as sessions
from webapp.tokens import script_logins

KINDS = {"sessions": "session.ended", "tokens": "token.revoked", "script-logins": "refresh.ended"}
COUNTED = {"sessions": "sessions", "tokens": "tokens", "script-logins": "script_logins"}
ROLES = ("user", "admin", "porter", "super_admin")


@pytest.fixture
def theirs(app, user, prepared_states):
    """Ids of a session, a token and a script login of ada, by the part of the URL."""
    return prepared_states.once(app, lambda: credentials_of(app, user), "credentials of ada")


def credentials_of(app, user):
    Person(app).log_in("ada")
    token = factories.api_token(app, user, "protected:read", name="laptop")
    log_in(app)
    with factories.database_of(app).read() as db:
        session, login = sessions.live(db, user.id)[0][0].id, script_logins.live(db, user.id)[0].id
    return {"sessions": session, "tokens": token.entry.id, "script-logins": login}


def path_of(user, kind, credential_id):
    return f"/admin/users/{user.id}/{kind}/{credential_id}/end"


@pytest.mark.parametrize("kind", KINDS)
def test_an_ended_credential_is_recorded_with_its_reason_and_mailed(app, database, user, theirs, kind):
    factories.user(app, "ines", role="admin")
    ines = Person(app)
    ines.log_in("ines")
    path, former = path_of(user, kind, theirs[kind]), len(mails(app))
    assert path in ines.open(f"/admin/users/{user.id}").text
    ines.open(path)
    name = {"sessions": "Firefox on Linux", "tokens": "laptop", "script-logins": "curl/8.5.0"}[kind]
    button = {"sessions": "End session", "tokens": "Revoke token", "script-logins": "End script login"}[kind]
    assert name in ines.page.text
    assert ines.press(button).status_code == 422, "without a reason"
    page = ines.press(button, reason=WHY)
    assert (page.request.path, f"{name} of ada was ended." in page.text) == (f"/admin/users/{user.id}", True)
    with database.read() as db:
        live = live_counts_of(db, user.id).facts
    assert live == {"sessions": 1, "script_logins": 1, "tokens": 1} | {COUNTED[kind]: 0}
    (event,) = events(app, KINDS[kind])
    assert (WHY in str(event["details"]), event["actor_id"] is not None) == (True, True)
    (mail,) = mails(app)[former:]
    assert (mail.kind, mail.to) == ("credential_ended", "ada@example.org")
    for body in (mail.text, mail.html):
        assert all(words in body for words in (name, "ines", WHY))
    assert ines.open(path).status_code == 404
    activity = Script(app, factories.api_token(app, user, "profile:read").token).get("/account/activity").json["events"]
    assert any("administrator" in entry["sentence"] for entry in activity)


def test_an_ended_credential_is_refused_and_all_others_work(app, user, theirs):
    token, login = factories.api_token(app, user, name="other").token, log_in(app)["access_token"]
    boss = Script(app, factories.api_token(app, factories.user(app, "boss", role="super_admin"), "admin:write").token)
    for kind, credential_id in theirs.items():
        answer = boss.post(path_of(user, kind, credential_id), json={"reason": WHY})
        assert (answer.status_code, answer.json["username"]) == (200, "ada")
    assert (answer.json["sessions"], answer.json["tokens"], answer.json["script_logins"]) == (0, 1, 1)
    assert works(app, token)
    assert works(app, login)


@pytest.mark.parametrize(
    ("kind", "other"), list(product(KINDS, ["of another user", "of nobody", "of another kind", "ended"]))
)
def test_a_credential_of_another_user_or_an_ended_one_is_404(app, user, theirs, kind, other):
    boss = Script(app, factories.api_token(app, factories.user(app, "boss", role="super_admin"), "admin:write").token)
    whose, wanted = user, theirs[kind]
    if other == "of another user":
        whose = factories.user(app, "bob")
    elif other == "of nobody":
        wanted = NOBODY
    elif other == "of another kind":
        wanted = theirs["tokens" if kind == "sessions" else "sessions"]
    else:
        assert boss.post(path_of(user, kind, wanted), json={"reason": WHY}).status_code == 200
    before = contents(app)
    assert boss.post(path_of(whose, kind, wanted), json={"reason": WHY}).status_code == 404
    assert contents(app) == before
    assert boss.post(path_of(user, "passkeys", wanted), json={"reason": WHY}).status_code == 404


def may(actor, target):
    """Nobody acts on somebody who may do more; ``porter`` is a role of the site's own that includes ``admin``."""
    return actor == "super_admin" or (actor in ("admin", "porter") and ROLES.index(target) <= ROLES.index(actor))


@pytest.mark.parametrize("way", ["session", "token"])
@pytest.mark.parametrize(("actor", "target"), list(product(ROLES, ROLES)))
def test_each_role_can_end_credentials_of_the_roles_it_may(app, database, user, theirs, actor, target, way):
    with database.write() as db:
        roles.add(db, "porter", "Opens.", ["admin"])
        db.flush()
        db.get_one(User, user.id).role = target
    boss = factories.user(app, "boss", role=actor)
    factories.user(app, "keeper", role="super_admin")
    caller = (
        by_session(app, "boss")
        if way == "session"
        else Script(app, factories.api_token(app, boss, "admin:write").token)
    )
    for kind, credential_id in theirs.items():
        before, path = contents(app)["credential"], path_of(user, kind, credential_id)
        status = caller.post(path, json={"reason": WHY}).status_code
        assert status == (200 if may(actor, target) else 403), kind
        assert (contents(app)["credential"] == before) is not may(actor, target)
        if way == "session" and not may(actor, target):
            assert caller.get(path).status_code == 403


@pytest.mark.parametrize("kind", KINDS)
def test_a_token_cannot_end_credentials_of_its_owner(app, database, user, theirs, kind):
    with database.write() as db:
        db.get_one(User, user.id).role = "super_admin"
    script = Script(app, factories.api_token(app, user, "admin:write", name="admin").token)
    before = contents(app)["credential"]
    assert script.post(path_of(user, kind, theirs[kind]), json={"reason": WHY}).status_code == 403
    assert contents(app)["credential"] == before
