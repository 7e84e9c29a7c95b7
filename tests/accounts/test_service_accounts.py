"""Service accounts hold tokens and never log in, by no route, credential or recovery; they stop with their owner."""

import pytest
from sqlalchemy import select

from tests import factories
from tests.browser import Person
from tests.factories import PASSWORD
from tests.login.wrong_passwords import attempt
from tests.script import Script
from tests.second_factors import with_passkey
from tests.tables import events
from webapp.accounts import identity_linking, lifecycle, recovery, roles, service_accounts
from webapp.accounts.models import ServiceAccount, User
from webapp.accounts.service_queries import ServiceFilter, is_managed_by, service_page
from webapp.accounts.service_rules import InvalidServiceOwner, Owner, ServiceAccountCannotLogIn
from webapp.core.db import Database
from webapp.login.refresh_grant import may_refresh
from webapp.mail.mailer import Mailer
from webapp.mail.models import OutgoingMail
from webapp.web.registry import services_of


def writing(app):
    return services_of(app).get(Database).write()


def add(app, name="backup", *, role="user", owner="ada", owner_role=None):
    with writing(app) as db:
        user = db.scalar(select(User).where(User.username == owner)) if owner_role is None else None
        return service_accounts.create(
            db, name, role=role, owner=Owner(user, owner_role), purpose="nightly backup", origin="cli"
        )


def one(app, name="backup"):
    with services_of(app).get(Database).read() as db:
        return db.scalar(select(User).where(User.username == name))


@pytest.fixture
def service(app, user):
    return add(app)


@pytest.fixture
def token(app, service):
    return factories.api_token(app, service).token


def test_tokens_of_a_service_account_work(app, token):
    assert Script(app, token).get("/protected").json["username"] == "backup"


# Every route that lets somebody in, with every credential that is or could be there.


def given_a_password(app, service):
    """As nothing does; the routes refuse all the same."""
    with writing(app) as db:
        db.get_one(User, service.id).password_hash = factories.HASHED


@pytest.mark.parametrize("has_hash", [False, True])
@pytest.mark.parametrize("password", ["", " ", PASSWORD])
def test_a_service_account_cannot_log_in_with_a_password(app, service, has_hash, password):
    if has_hash:
        given_a_password(app, service)
    assert Person(app).log_in("backup", password).status_code == 422
    assert attempt(app, "backup", password).status_code in (400, 401)
    assert events(app, "session.started") == []


def test_a_service_account_cannot_log_in_with_a_passkey(make_app):
    app = make_app(WEBAPP_BASE_URL="http://localhost")
    factories.user(app, "ada")
    service = add(app)
    device = with_passkey(app, service)
    person = Person(app)
    page = person.open("/login")
    options = person.client.get("/login/passkey", headers={"Accept": "application/json"}).json["publicKey"]
    person.page = page
    person.press("Use a passkey", response=device.show(options))
    assert (person.page.status_code, events(app, "session.started")) == (422, [])


def test_a_service_account_cannot_refresh(service):
    assert not may_refresh(service)


@pytest.mark.parametrize("email", [None, "backup@example.org"])
def test_no_mail_is_sent_for_a_service_account(app, service, email):
    with writing(app) as db:
        row = db.get_one(User, service.id)
        row.email = row.email_key = email
    person = Person(app)
    person.open("/forgot")
    person.press("Send link", username="backup")
    with services_of(app).get(Database).read() as db:
        assert [mail.to for mail in db.scalars(select(OutgoingMail)) if mail.to] == []


REFUSED = {
    "set a password": lambda db, user: lifecycle.set_password(db, user, factories.HASHED),
    "make a reset link": lambda db, user: recovery.link_for(db, user),
    "link it to an identity provider": lambda db, user: identity_linking.link_to_provider(db, user, None),
}


@pytest.mark.parametrize("change", REFUSED.values(), ids=REFUSED)
def test_nothing_gives_a_service_account_a_way_to_log_in(app, service, change):
    with pytest.raises(ServiceAccountCannotLogIn), writing(app) as db:
        change(db, db.get_one(User, service.id))


SESSION_ONLY = [
    ("POST", "/account/password"),
    ("POST", "/account/email"),
    ("POST", "/tokens/new"),
    ("POST", "/confirm"),
    ("GET", "/account/security/passkeys/new"),
    ("POST", "/account/close"),
]


@pytest.mark.parametrize(("method", "path"), SESSION_ONLY)
def test_its_token_cannot_use_pages_that_add_a_login_method(app, token, method, path):
    assert Script(app, token).call(method, path, json={} if method == "POST" else None).status_code in (403, 404)


@pytest.mark.parametrize("act", ["reset-link"])
def test_an_admin_cannot_create_a_reset_link_for_it(app, service, act):
    factories.user(app, "mara", role="super_admin")
    person = Person(app)
    person.log_in("mara")
    headers = {"X-CSRF-Token": person.csrf_token, "Accept": "application/json"}
    path = f"/admin/users/{service.id}/{act}"
    answer = person.ask("POST", path, json={"reason": "nobody knows it"}, headers=headers)
    assert answer.status_code == 409
    assert "no other way to log in" in answer.json["detail"]


# Owners.


@pytest.mark.parametrize(
    ("owner", "role"),
    [
        pytest.param({"owner": "ada"}, "admin", id="a person with less"),
        pytest.param({"owner_role": "user"}, "super_admin", id="a role with less"),
        pytest.param({"owner_role": "nobody"}, "user", id="no role"),
        pytest.param({"owner": "backup"}, "user", id="another service account"),
        pytest.param({"owner": "gone"}, "user", id="somebody disabled"),
    ],
)
def test_an_owner_has_at_least_the_role_of_the_service_account(app, service, owner, role):
    gone = factories.user(app, "gone")
    with writing(app) as db:
        lifecycle.disable(db, db.get_one(User, gone.id))
    with pytest.raises(InvalidServiceOwner):
        add(app, "deploy", role=role, **owner)
    assert one(app, "deploy") is None


def disabled(db, user, app):
    lifecycle.disable(db, user)


def closed(db, user, app):
    lifecycle.close(db, user)


def deleted(db, user, app):
    lifecycle.delete(db, user)


ENDS = [disabled, closed, deleted]


@pytest.mark.parametrize("end", ENDS)
def test_it_is_disabled_with_its_owner(app, user, token, end):
    with writing(app) as db:
        end(db, db.get_one(User, user.id), app)
    assert Script(app, token).get("/protected").status_code == 401
    found = one(app)
    assert (found.disabled_at is not None, found.is_service) == (True, True)


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("to", ["person", "role"])
def test_it_keeps_working_after_it_was_handed_over(app, user, service, token, end, to):
    grace = factories.user(app, "grace")
    with writing(app) as db:
        owner = Owner(db.get_one(User, grace.id)) if to == "person" else Owner(role="user")
        service_accounts.hand_over(db, db.get_one(User, service.id), owner)
        end(db, db.get_one(User, user.id), app)
    assert Script(app, token).get("/protected").status_code == 200
    (event,) = events(app, "service-account.handed-over")
    assert "ada" in event["details"]


def test_it_is_disabled_when_its_owner_loses_its_role(app):
    ada, _mara = factories.user(app, "ada", role="admin"), factories.user(app, "mara", role="super_admin")
    plain, high = add(app, "plain"), add(app, "high", role="admin")
    tokens = [factories.api_token(app, found).token for found in (plain, high)]
    with writing(app) as db:
        lifecycle.change_role(db, db.get_one(User, ada.id), "user")
    assert [Script(app, token).get("/protected").status_code for token in tokens] == [200, 401]


def test_it_does_not_count_as_the_last_super_admin(app):
    mara = factories.user(app, "mara", role="super_admin")
    add(app, role="super_admin", owner="mara")
    with pytest.raises(lifecycle.LastSuperAdmin), writing(app) as db:
        lifecycle.disable(db, db.get_one(User, mara.id))


def test_a_role_that_owns_one_cannot_be_removed(app, user):
    with writing(app) as db:
        roles.add(db, "ops", "operators", ["user"])
    add(app, owner_role="ops")
    with pytest.raises(roles.RoleInUse), writing(app) as db:
        roles.remove(db, roles.find(db, "ops"))


def test_which_roles_can_manage_which_service_accounts(app, service):
    factories.user(app, "grace")
    shared = add(app, "shared", owner_role="user")
    with services_of(app).get(Database).read() as db:
        ada, grace = (one(app, name) for name in ("ada", "grace"))
        managed = [
            [
                found.user.username
                for found in service_page(db, ServiceFilter(), is_managed_by(person.id, ["user"])).services
            ]
            for person in (ada, grace, one(app, "backup"))
        ]
    assert managed == [["backup", "shared"], ["shared"], []]
    assert shared.is_service


def test_deleting_it_deletes_all_its_rows(app, service):
    with writing(app) as db:
        lifecycle.delete(db, db.get_one(User, service.id))
        assert db.get(ServiceAccount, service.id) is None
    assert services_of(app).get(Mailer) is not None
