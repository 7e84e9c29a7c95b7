"""A service account never has more than its owner, whatever happens to the owner, to roles or to itself."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import factories
from tests.prepared_states import PreparedStates
from tests.script import Script
from webapp.accounts import lifecycle, role_closures, roles, service_accounts
from webapp.accounts.models import ServiceAccount, User
from webapp.accounts.roles import RoleInUse
from webapp.accounts.service_rules import InvalidServiceOwner, Owner, OwnerProblem, owner_of, problem_of
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.web.registry import services_of


def named(db: Session, name: str) -> User:
    return db.scalars(select(User).where(User.username == name)).one()


def edit_role(name: str, *includes: str) -> Callable[[Session], None]:
    def change(db: Session) -> None:
        role = roles.find(db, name)
        assert role is not None
        roles.edit(db, role, "Changed.", includes)

    return change


def remove_role(name: str) -> Callable[[Session], None]:
    def change(db: Session) -> None:
        role = roles.find(db, name)
        assert role is not None
        roles.remove(db, role)

    return change


def give(name: str, role: str) -> Callable[[Session], None]:
    return lambda db: lifecycle.change_role(db, named(db, name), role)


def disable(db: Session) -> None:
    lifecycle.disable(db, named(db, "ada"))


def disable_and_enable(db: Session) -> None:
    disable(db)
    lifecycle.enable(db, named(db, "ada"))


def close(db: Session) -> None:
    lifecycle.close(db, named(db, "ada"))


def close_and_reopen(db: Session) -> None:
    close(db)
    lifecycle.reopen(db, named(db, "ada"))


def close_and_wait(db: Session) -> None:
    close(db)
    db.flush()
    with time_machine.travel(now() + lifecycle.GRACE + timedelta(minutes=1), tick=False):
        assert lifecycle.delete_due(db) == 1


def delete(db: Session) -> None:
    lifecycle.delete(db, named(db, "ada"))


def hand_over(name: str) -> Callable[[Session], None]:
    return lambda db: service_accounts.hand_over(db, named(db, "deploy"), Owner(named(db, name)))


def hand_over_to_role(role: str) -> Callable[[Session], None]:
    return lambda db: service_accounts.hand_over(db, named(db, "deploy"), Owner(role=role))


GOES_ON, STOPS = True, False
# Ada has the role `lead`, which includes `editor`, the role of the service account. Of each event: whether the tokens
# work afterwards, and why it cannot be enabled again; or which exception refuses the event, and nothing changed.
PERSON = {
    "its owner is disabled": (disable, STOPS, OwnerProblem.INACTIVE),
    "its owner is disabled and enabled": (disable_and_enable, STOPS, None),
    "its owner closes the account": (close, STOPS, OwnerProblem.INACTIVE),
    "its owner closes the account and reopens it": (close_and_reopen, STOPS, None),
    "its owner closes the account and is forgotten": (close_and_wait, STOPS, OwnerProblem.MISSING),
    "its owner is deleted": (delete, STOPS, OwnerProblem.MISSING),
    "its owner gets a role without it": (give("ada", "user"), STOPS, OwnerProblem.LACKS_ROLE),
    "its owner gets another role with it": (give("ada", "chief"), GOES_ON, None),
    "the role of its owner loses it": (edit_role("lead", "user"), STOPS, OwnerProblem.LACKS_ROLE),
    "the role of its owner gets another": (edit_role("lead", "editor", "admin"), GOES_ON, None),
    "its own role gets more": (edit_role("editor", "user", "extra"), GOES_ON, None),
    "its own role gets less": (edit_role("editor"), GOES_ON, None),
    "it gets less than its owner": (give("deploy", "user"), GOES_ON, None),
    "it gets as much as its owner": (give("deploy", "lead"), GOES_ON, None),
    "it gets more than its owner": (give("deploy", "chief"), GOES_ON, InvalidServiceOwner),
    "it gets admin": (give("deploy", "admin"), GOES_ON, InvalidServiceOwner),
    "its own role is removed": (remove_role("editor"), GOES_ON, RoleInUse),
    "it is handed to somebody with enough": (hand_over("grace"), GOES_ON, None),
    "it is handed to somebody with less": (hand_over("joe"), GOES_ON, InvalidServiceOwner),
    "it is handed to somebody disabled": (hand_over("gone"), GOES_ON, InvalidServiceOwner),
    "it is handed to somebody unverified": (hand_over("new"), GOES_ON, InvalidServiceOwner),
    "it is handed to itself": (hand_over("deploy"), GOES_ON, InvalidServiceOwner),
    "it is handed to a role with enough": (hand_over_to_role("chief"), GOES_ON, None),
    "it is handed to a role with less": (hand_over_to_role("user"), GOES_ON, InvalidServiceOwner),
    "it is handed to no role": (hand_over_to_role("nobody"), GOES_ON, InvalidServiceOwner),
}
ROLE = {
    "one who has the role is disabled": (disable, GOES_ON, None),
    "the last who has the role loses it": (give("ada", "user"), GOES_ON, None),
    "one who has the role is deleted": (delete, GOES_ON, None),
    "the role loses its role": (edit_role("lead", "user"), STOPS, OwnerProblem.LACKS_ROLE),
    "the role gets another": (edit_role("lead", "editor", "admin"), GOES_ON, None),
    "its own role gets less": (edit_role("editor"), GOES_ON, None),
    "it gets more than the role": (give("deploy", "chief"), GOES_ON, InvalidServiceOwner),
    "the role is removed": (remove_role("lead"), GOES_ON, RoleInUse),
    "it is handed to a person": (hand_over("grace"), GOES_ON, None),
    "it is handed to a person with less": (hand_over("joe"), GOES_ON, InvalidServiceOwner),
}
CASES = [pytest.param("person", *row, id=f"of a person: {name}") for name, row in PERSON.items()]
CASES += [pytest.param("role", *row, id=f"of a role: {name}") for name, row in ROLE.items()]


@pytest.fixture
def site(app: Flask, prepared_states: PreparedStates) -> Flask:
    prepared_states.once(app, lambda: add_people(app), "people with roles")
    return app


def add_people(app: Flask) -> None:
    with services_of(app).get(Database).write() as db:
        for name, includes in {"extra": (), "editor": ("user",), "lead": ("editor",), "chief": ("lead",)}.items():
            roles.add(db, name, name, includes)
    for name, role in {
        "ada": "lead",
        "grace": "chief",
        "joe": "user",
        "gone": "chief",
        "new": "chief",
        "ed": "editor",
    }.items():
        factories.user(app, name, role=role)
    factories.user(app, "mara", role="super_admin")
    with services_of(app).get(Database).write() as db:
        lifecycle.disable(db, named(db, "gone"))
        named(db, "new").verification_required_at = now()


@pytest.mark.parametrize(("owner", "event", "goes_on", "problem"), CASES)
def test_after_each_event_it_has_at_most_the_role_of_its_owner(site, owner, event, goes_on, problem):
    database = services_of(site).get(Database)
    with database.write() as db:
        owned_by = Owner(named(db, "ada")) if owner == "person" else Owner(role="lead")
        deploy = service_accounts.create(
            db, "deploy", role="editor", owner=owned_by, purpose="deploys the site", origin="cli"
        )
    token = factories.api_token(site, deploy).token
    if isinstance(problem, type):
        with pytest.raises(problem), database.write() as db:
            event(db)
    else:
        with database.write() as db:
            event(db)
    assert (Script(site, token).get("/protected").status_code == 200) is goes_on
    with database.read() as db:
        closures = role_closures.current(db)
        found = [(user, owner_of(db, user.id)) for user in db.scalars(select(User).where(User.is_service))]
        problems = {user.username: problem_of(owner, user.role, closures) for user, owner in found}
        is_off = named(db, "deploy").disabled_at is not None
    assert is_off is not goes_on
    assert problems["deploy"] == (None if isinstance(problem, type) else problem)
    if is_off:
        enabled_only_when_it_fits(database, problem)


def enabled_only_when_it_fits(database: Database, problem: OwnerProblem | None) -> None:
    """And after a hand-over in any case; the tokens stay revoked."""
    if problem is not None:
        with pytest.raises(InvalidServiceOwner), database.write() as db:
            lifecycle.enable(db, named(db, "deploy"))
        with database.write() as db:
            hand_over("ed")(db)
    with database.write() as db:
        lifecycle.enable(db, named(db, "deploy"))
        assert named(db, "deploy").disabled_at is None


def test_a_service_account_without_owner_cannot_get_a_higher_role(site):
    """Its role may change while it is stopped, but it is enabled only with an owner who has it."""
    with services_of(site).get(Database).write() as db:
        ada = Owner(named(db, "ada"))
        service_accounts.create(db, "deploy", role="editor", owner=ada, purpose="deploys the site", origin="cli")
        delete(db)
        assert db.scalars(select(ServiceAccount)).one().owner_id is None
    with pytest.raises(InvalidServiceOwner), services_of(site).get(Database).write() as db:
        give("deploy", "admin")(db)
