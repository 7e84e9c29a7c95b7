"""Logins of one identity, and links to it, at once: one wins. For PostgreSQL: journeys/."""

from typing import Any

from flask import Flask
from sqlalchemy import delete, insert, select, update

from tests import factories
from tests.browser import Person
from tests.example_counts import times
from tests.federation.identities import without_password
from tests.federation.logout_tokens import logout_token
from tests.federation.upstream import Upstream, come_back, leave, linked, log_in, provided
from tests.oauth.test_races import at_once
from tests.second_factors import stored, with_passkey
from webapp.accounts.models import User
from webapp.core.clock import now
from webapp.core.ratelimit import Limiter
from webapp.credentials.models import Credential
from webapp.federation import linking
from webapp.federation.models import LinkedIdentity, LoginProvider, WaitingIdentity
from webapp.web.registry import services_of

AT_ONCE = 4
WAYS = ("identity", "identity"), ("identity", "passkey"), ("identity", "identity", "password")


def upstream_of(site: Flask) -> Upstream:
    """The provider, entered anew."""
    services_of(site).get(Limiter).reset()
    with factories.database_of(site).write() as db:
        for row in db.scalars(select(LoginProvider)):
            db.delete(row)
    made = Upstream()
    provided(site, made)
    return made


def owners(site: Flask, subject: str) -> list[str]:
    """The names of the accounts that an identity belongs to."""
    query = select(User.username).join(LinkedIdentity, LinkedIdentity.user_id == User.id)
    with factories.database_of(site).read() as db:
        return list(db.scalars(query.where(LinkedIdentity.subject == subject)))


def all_waiting(site: Flask) -> dict[bytes, dict[str, Any]]:
    with factories.database_of(site).read() as db:
        return {row.digest: dict(row._mapping) for row in db.execute(select(WaitingIdentity.__table__))}


def as_if_at_once(site: Flask, rows: dict[bytes, dict[str, Any]]) -> None:
    """Let all of these wait, as if the logins had come at once, so that none took the place of an earlier one."""
    with factories.database_of(site).write() as db:
        db.execute(delete(WaitingIdentity))
        db.execute(insert(WaitingIdentity), list(rows.values()))


def race_of_first_logins(site: Flask) -> None:
    """Of several browsers that create the account of one identity, one does."""
    upstream = upstream_of(site)
    for number in range(times(2)):
        upstream.claims |= {"sub": f"first-{number}", "email": None}
        people, rows = [Person(site) for _ in range(AT_ONCE)], {}
        for person in people:
            log_in(person, upstream)
            rows |= all_waiting(site)
            person.open("/login/with/acme/account")
        as_if_at_once(site, rows)
        sent = [
            {"username": f"first{number}x{place}", "csrf_token": person.csrf_token}
            for place, person in enumerate(people)
        ]
        answers = at_once(
            lambda place, people=people, sent=sent: people[place].ask(
                "POST", "/login/with/acme/account", data=sent[place]
            ),
            AT_ONCE,
        )
        codes = sorted(answer.status_code for answer in answers)
        assert codes == [303, *[404] * (AT_ONCE - 1)], codes
        assert len(owners(site, f"first-{number}")) == 1


def race_of_logins_by_address(site: Flask) -> None:
    """Several logins of one identity find the account with its address, and several identities do not share it."""
    upstream = upstream_of(site)
    for number in range(times(2)):
        name = f"mail{number}"
        factories.user(site, name, email=f"{name}@example.org")
        people = [Person(site) for _ in range(AT_ONCE)]
        upstream.claims |= {"sub": name, "email": f"{name}@example.org", "email_verified": True}
        given = [upstream.authorized(leave(person)) for person in people]
        answers = at_once(lambda place, people=people, given=given: come_back(people[place], given[place]), AT_ONCE)
        assert {answer.headers.get("Location") for answer in answers} <= {"/dashboard", None}
        assert owners(site, name) == [name]


def race_of_links(site: Flask) -> None:
    """Of several users who link one identity, one gets it."""
    upstream = upstream_of(site)
    for number in range(times(2)):
        upstream.claims |= {"sub": f"link-{number}", "email": None}
        people, rows = [Person(site) for _ in range(AT_ONCE)], {}
        for place, person in enumerate(people):
            factories.user(site, name := f"link{number}x{place}")
            person.log_in(name)
            log_in(person, upstream, "/account/identities/link/acme")
            rows |= all_waiting(site)
            person.open("/login/with/acme/link")
        as_if_at_once(site, rows)
        tokens = [person.csrf_token for person in people]
        answers = at_once(
            lambda place, people=people, tokens=tokens: people[place].ask(
                "POST", "/login/with/acme/link", data={"csrf_token": tokens[place]}
            ),
            AT_ONCE,
        )
        codes = [answer.status_code for answer in answers]
        assert sorted(codes) == [303, *[409] * (AT_ONCE - 1)], codes
        assert owners(site, f"link-{number}") == [f"link{number}x{codes.index(303)}"]


def race_with_logout_token(site: Flask) -> None:
    """A logout token that comes while the session begins ends it, or it never begins."""
    upstream = upstream_of(site)
    user = factories.user(site)
    linked(site, user, user.username)
    for number in range(times(4)):
        upstream.claims["sub"], upstream.id_claims = user.username, {"sid": f"s-{number}"}
        person = Person(site)
        given = upstream.authorized(leave(person))
        form = {"logout_token": logout_token(upstream, sid=f"s-{number}")}

        def call(place: int, person: Person = person, given: dict[str, str] = given, form: object = form) -> int:
            if place == 0:
                return come_back(person, given).status_code
            return site.test_client().post("/login/with/acme/backchannel-logout", data=form).status_code

        login, logout = at_once(call, 2)
        assert logout == 200
        assert login in (303, 400)
        if login == 303 and person.ask("GET", "/account").status_code == 200:
            # It came before the login, and nothing had begun.
            again = {"logout_token": logout_token(upstream, sid=f"s-{number}")}
            site.test_client().post("/login/with/acme/backchannel-logout", data=again)
        assert person.ask("GET", "/account").status_code == 303


def race_of_last_ways(site: Flask) -> None:
    """Of all ways to log in that are removed at once, one stays."""
    upstream = upstream_of(site)
    for number, kinds in enumerate(WAYS * times(2)):
        user = factories.user(site, f"ways{number}")
        identities = [linked(site, user, f"ways-{number}-{place}") for place in range(kinds.count("identity"))]
        paths = [f"/account/identities/{link}/unlink" for link in identities]
        person, upstream.claims["sub"] = Person(site), f"ways-{number}-0"
        log_in(person, upstream)
        if "passkey" in kinds:
            with_passkey(site, user)
            # As if the session had begun with it, so that nothing has to be confirmed.
            with factories.database_of(site).write() as db:
                db.execute(update(Credential).where(Credential.user_id == user.id).values(amr="hwk user"))
            paths.append(f"/account/security/passkeys/{stored(site, user)[0].id}/remove")
        if "password" in kinds:
            paths.append("/account/password/remove")
        else:
            without_password(site, user)
        person.open("/account/security")
        tabs, form = [same_browser(person) for _path in paths], {"csrf_token": person.csrf_token}
        answers = at_once(
            lambda place, tabs=tabs, paths=paths, form=form: tabs[place].ask("POST", paths[place], data=form),
            len(paths),
        )
        codes = sorted(answer.status_code for answer in answers)
        assert set(codes) == {303, 409}, (kinds, codes)
        with factories.database_of(site).read() as db:
            identities_left, kept = linking.of_user(db, user.id), db.get_one(User, user.id)
        assert len(identities_left) + len(stored(site, user)) + bool(kept.password_hash) >= 1, kinds


def same_browser(person: Person) -> Person:
    other = Person(person.app)
    other.client.set_cookie("session", person.cookie)
    return other


RACES = race_of_first_logins, race_of_logins_by_address, race_of_links, race_with_logout_token, race_of_last_ways


def test_of_several_first_logins_of_one_identity_one_creates_an_account(app):
    race_of_first_logins(app)
    with factories.database_of(app).read() as db:
        assert db.query(WaitingIdentity).filter(WaitingIdentity.expires_at <= now()).count() == 0


def test_several_logins_of_one_identity_find_one_account_by_its_address(app):
    race_of_logins_by_address(app)


def test_of_several_users_who_link_one_identity_one_gets_it(app):
    race_of_links(app)


def test_no_session_outlives_the_logout_token_that_comes_meanwhile(app):
    race_with_logout_token(app)


def test_of_all_ways_in_that_are_removed_at_once_one_stays(app):
    race_of_last_ways(app)
