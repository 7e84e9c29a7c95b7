"""Service accounts: nobody gains roles or scopes by one, and their owners see and use them."""

import pytest
from flask import Flask

from tests import factories
from tests.accounts.service_account_calls import JSON, OWN, REASON, USERS, add_owners, made, session_of
from tests.prepared_states import PreparedStates
from tests.tables import contents, events
from webapp.accounts import roles
from webapp.accounts.models import User
from webapp.core.db import Database
from webapp.testing import as_nobody, as_user, user_named
from webapp.web.registry import services_of


@pytest.fixture
def site(app: Flask, prepared_states: PreparedStates) -> Flask:
    prepared_states.once(app, lambda: add_owners(app), "owners")
    return app


# Who may do what to a service account with more than they have. An admin has `user` and `admin`, and assigns neither
# `admin` nor what an admin does not have; a super admin may everything, as with people.
ROLES = ("user", "editor", "admin", "super_admin")
RANKS = {
    ("admin", "create"): {"user": 201, "editor": 403, "admin": 403, "super_admin": 403},
    ("admin", "tokens/new"): {"user": 201, "editor": 403, "admin": 201, "super_admin": 403},
    ("admin", "hand-over"): {"user": 200, "editor": 403, "admin": 200, "super_admin": 403},
    ("admin", "disable"): {"user": 200, "editor": 403, "admin": 200, "super_admin": 403},
    ("admin", "enable"): {"user": 200, "editor": 403, "admin": 200, "super_admin": 403},
    ("admin", "delete"): {"user": 204, "editor": 403, "admin": 204, "super_admin": 403},
    ("super admin", "create"): dict.fromkeys(ROLES, 201),
    ("super admin", "tokens/new"): dict.fromkeys(ROLES, 201),
    ("super admin", "hand-over"): dict.fromkeys(ROLES, 200),
    ("super admin", "disable"): dict.fromkeys(ROLES, 200),
    ("super admin", "enable"): dict.fromkeys(ROLES, 200),
    ("super admin", "delete"): dict.fromkeys(ROLES, 204),
}


@pytest.fixture
def chief(site: Flask) -> User:
    """Somebody with every role, who can own every service account."""
    with services_of(site).get(Database).write() as db:
        roles.add(db, "chief", "All.", ["editor", "super_admin"])
    return factories.user(site, "chief", role="chief")


@pytest.mark.parametrize(("actor", "act"), RANKS)
def test_nobody_reaches_above_their_own_roles_by_a_service_account(site, chief, actor, act):
    caller = session_of({"admin": "ines", "super admin": "mara"}[actor])(site, chief)
    found = {}
    for role in ROLES:
        if act == "create":
            sent = {"name": f"made-{role}", "purpose": "a test", "role": role, "owner": "chief"}
            found[role] = caller.post(f"{USERS}/service-accounts/new", json=sent).status_code
            continue
        service = made(site, f"deploy-{role}", role=role, owner="chief")
        sent = {"username": service.username} if act == "delete" else {}
        sent |= {"owner": "chief"} if act == "hand-over" else {}
        body = {"name": "disk", "scopes": ["protected:read"]} if act == "tokens/new" else REASON | sent
        found[role] = caller.post(f"{USERS}/{service.id}/{act}", json=body).status_code
    assert found == RANKS[actor, act]


SCOPES = {
    "a scope of its role": ("user", "ada", ["protected:read"], 201),
    "a scope of its owner that it has not": ("user", "chief", ["admin:read"], 422),
    "a scope that nobody has": ("user", "ada", ["nothing:read"], 422),
    "no scope": ("user", "ada", [], 422),
    "a scope of admins, by its owner": ("admin", "chief", ["admin:write"], 201),
}


@pytest.mark.parametrize(("role", "owner", "scopes", "status"), SCOPES.values(), ids=SCOPES)
def test_a_token_has_at_most_the_scopes_of_its_service_account(site, chief, role, owner, scopes, status):
    service = made(site, "deploy", role=role, owner=owner)
    caller = session_of(owner)(site, service)
    answer = caller.post(f"{OWN}/{service.id}/tokens/new", json={"name": "disk", "scopes": scopes})
    assert (answer.status_code, bool(events(site, "token.minted"))) == (status, status == 201)


@pytest.mark.parametrize("path", [OWN, USERS])
def test_scopes_that_ask_for_a_second_factor_ask_for_it_here_too(make_app, path):
    app = make_app(WEBAPP_SECOND_FACTOR_FOR="admin:write")
    mara = factories.user(app, "mara", role="super_admin")
    service = made(app, "deploy", role="admin", owner="mara")
    sent = {"name": "disk", "scopes": ["admin:write"]}
    answer = session_of("mara")(app, service).post(f"{path}/{service.id}/tokens/new", json=sent)
    assert (answer.status_code, answer.json["code"]) == (401, "mfa_required")
    strong = as_user(app, mara.username, amr="pwd otp")
    strong.sends = JSON
    assert strong.post(f"{path}/{service.id}/tokens/new", json=sent).status_code == 201


@pytest.mark.parametrize("path", ["tokens/new", "hand-over"])
def test_nothing_of_a_service_account_is_done_with_a_person(site, path):
    """An admin never gets a token that acts as somebody else."""
    caller = session_of("mara")(site, user_named(site, "ada"))
    sent = {"name": "disk", "scopes": ["protected:read"]} if path == "tokens/new" else REASON | {"owner": "mara"}
    before = contents(site)
    for method in ("GET", "POST"):
        answer = caller.open(
            f"{USERS}/{user_named(site, 'ada').id}/{path}", method=method, json=sent if method == "POST" else None
        )
        assert (answer.status_code, "is not a service account" in answer.text) == (409, True), method
    assert contents(site) == before


@pytest.mark.parametrize("path", [OWN, USERS])
def test_a_disabled_one_gets_no_token(site, path):
    service, caller = made(site, "deploy", owner="ines", role="admin"), session_of("ines")
    ines = caller(site, service)
    assert ines.post(f"{USERS}/{service.id}/disable", json=REASON).status_code == 200
    answer = ines.post(f"{path}/{service.id}/tokens/new", json={"name": "disk", "scopes": ["protected:read"]})
    assert (answer.status_code, events(site, "token.minted")) == (409, [])


def test_the_owner_creates_a_token_that_is_shown_once_and_recorded_with_both_names(site):
    service = made(site, "deploy")
    caller = session_of("ada")(site, service)
    shown = caller.post(f"{OWN}/{service.id}/tokens/new", json={"name": "disk", "scopes": ["protected:read"]})
    assert shown.headers["Cache-Control"] == "no-store"
    used = as_nobody(site)
    used.sends = {"Authorization": f"Bearer {shown.json['access_token']}"}
    assert used.get("/protected").json["username"] == "deploy"
    (event,) = events(site, "token.minted")
    ada = user_named(site, "ada")
    assert (event["user_id"], event["actor_id"]) == (service.id.hex, ada.id.hex)
    details = caller.get(f"{OWN}/{service.id}")
    assert shown.json["access_token"] not in details.text
    assert [token["name"] for token in details.json["token_list"]] == ["disk"]
    again = caller.post(f"{OWN}/{service.id}/tokens/new", json={"name": "Disk", "scopes": ["protected:read"]})
    assert (again.status_code, list(again.json["errors"])) == (422, ["name"])
    assert caller.post(f"{OWN}/{service.id}/tokens/{shown.json['id']}/revoke").json["revoked_at"]
    assert used.get("/protected").status_code == 401


def test_a_token_of_somebody_else_is_not_revoked_by_way_of_a_service_account(site):
    service, foreign = made(site, "deploy"), factories.api_token(site, user_named(site, "eve"))
    caller = session_of("ada")(site, service)
    assert caller.post(f"{OWN}/{service.id}/tokens/{foreign.entry.id}/revoke").status_code == 404
    assert events(site, "token.revoked") == []


def test_everybody_of_a_role_shares_its_service_accounts_until_they_lose_it(site):
    service = made(site, "shared", owner_role="ops")
    ops, other = session_of("ops")(site, service), factories.user(site, "olga", role="ops")
    made_by_ops = ops.post(f"{OWN}/{service.id}/tokens/new", json={"name": "disk", "scopes": ["protected:read"]})
    olga = session_of(other.username)(site, service)
    assert [found["username"] for found in olga.get(OWN).json["service_accounts"]] == ["of-ops", "shared"]
    assert olga.get(f"{OWN}/{service.id}").json["people"] == ["olga", "ops"]
    mara = session_of("mara")(site, service)
    assert mara.post(f"{USERS}/{other.id}/role", json=REASON | {"role": "user"}).status_code == 200
    assert olga.get(f"{OWN}/{service.id}").status_code == 404
    assert ops.post(f"{OWN}/{service.id}/tokens/{made_by_ops.json['id']}/revoke").status_code == 200


def test_one_that_nobody_owns_is_shown(site):
    service = made(site, "shared", owner_role="ops")
    gone = made(site, "gone", owner="eve")
    mara = session_of("mara")(site, service)
    assert mara.get(f"{USERS}/service-accounts?view=unowned").json["service_accounts"] == []
    assert mara.post(f"{USERS}/{user_named(site, 'ops').id}/disable", json=REASON).status_code == 200
    sent = REASON | {"username": "eve"}
    assert mara.post(f"{USERS}/{user_named(site, 'eve').id}/delete", json=sent).status_code == 204
    found = mara.get(f"{USERS}/service-accounts?view=unowned").json["service_accounts"]
    told = {one["username"]: (one["owner_problem"], one["disabled_at"] is not None) for one in found}
    assert told == {"of-ops": ("nobody", False), "shared": ("nobody", False), "gone": ("missing", True)}
    (attention,) = (one for one in mara.get("/admin").json["attention"] if "owner" in one["sentence"])
    assert (attention["sentence"], attention["href"]) == (
        "3 service accounts have no owner.",
        f"{USERS}/service-accounts?view=unowned",
    )
    refused = mara.post(f"{USERS}/{gone.id}/enable", json=REASON)
    assert (refused.status_code, "no owner" in refused.json["detail"]) == (409, True)


LISTS = {
    "": ["deploy", "of-ada", "of-ops"],
    "?q=of": ["of-ada", "of-ops"],
    "?owner=ADA": ["deploy", "of-ada"],
    "?owner=nobody": [],
    "?owner_role=ops": ["of-ops"],
    "?view=disabled": [],
    "?q=of&owner=ada": ["of-ada"],
}


@pytest.mark.parametrize(("query", "names"), LISTS.items())
def test_the_list_is_filtered(site, query, names):
    made(site, "deploy"), made(site, "of-ada")
    found = session_of("ines")(site, user_named(site, "ada")).get(f"{USERS}/service-accounts{query}").json
    assert [one["username"] for one in found["service_accounts"]] == names


@pytest.mark.parametrize("path", [f"{USERS}/service-accounts", OWN])
def test_the_list_has_pages(site, path):
    for number in range(27):
        made(site, f"deploy{number:02}", owner="ines")
    ines = session_of("ines")(site, user_named(site, "ada"))
    first = ines.get(f"{path}?").json
    second = ines.get(f"{path}?after={first['after']}").json
    names = [one["username"] for page in (first, second) for one in page["service_accounts"]]
    assert (len(first["service_accounts"]), second["after"]) == (25, None)
    assert [name for name in names if name != "of-ops"] == [f"deploy{number:02}" for number in range(27)]
    assert ines.get(f"{path}?after={'0' * 8}-0000-4000-8000-{'0' * 12}").status_code == 400


WRONG = {
    "no owner": ({"owner": ""}, "owner"),
    "two owners": ({"owner_role": "ops"}, "owner"),
    "an owner who is nobody": ({"owner": "nobody"}, "owner"),
    "an owner with less": ({"role": "editor", "owner": "ada"}, "owner"),
    "a role with less": ({"role": "editor", "owner": "", "owner_role": "ops"}, "owner_role"),
    "an owner that is a service account": ({"owner": "of-ops"}, "owner"),
    "a role that is none": ({"owner": "", "owner_role": "nothing"}, "owner_role"),
    "a name that is taken": ({"name": "ada"}, "name"),
    "a name that looks like another": ({"name": "аda"}, "name"),
    "a name that is none": ({"name": "a b"}, "name"),
    "a name that is too long": ({"name": "a" * 51}, "name"),
    "no purpose": ({"purpose": " "}, "purpose"),
    "a purpose of two lines": ({"purpose": "a\nb\nc"}, "purpose"),
    "a purpose that is too long": ({"purpose": "a" * 201}, "purpose"),
    "no role": ({"role": ""}, "role"),
}


@pytest.mark.parametrize(("wrong", "field"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_is_refused_at_its_field(site, wrong, field):
    mara = session_of("mara")(site, user_named(site, "ada"))
    sent = {"name": "made", "purpose": "a test", "role": "user", "owner": "ada"} | wrong
    before = contents(site)
    answer = mara.post(f"{USERS}/service-accounts/new", json=sent)
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field]), answer.json
    assert contents(site) == before


def test_a_service_account_is_not_in_the_lists_of_people_who_never_came(site):
    """Whoever clears up there would stop it."""
    mara = session_of("mara")(site, user_named(site, "ada"))
    for view in ("never", "one_factor"):
        names = [one["username"] for one in mara.get(f"{USERS}?view={view}").json["people"]]
        assert "of-ops" not in names
        assert "eve" in names
