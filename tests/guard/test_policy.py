"""decide() and explain(): tables of who may what, and of how it is explained."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from webapp.guard.access_checks import explain
from webapp.guard.policy import Decision, Requirement, decide
from webapp.guard.principal import Principal
from webapp.guard.token_grant import TokenGrant

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
TEN_MINUTES = timedelta(minutes=10)


def principal(credential="session", roles=("user",), scopes=(), proven=timedelta()):
    return Principal(
        user_id=UUID(int=1),
        username="ada",
        roles=roles,
        credential=credential,
        credential_id=UUID(int=2),
        expires_at=NOON + timedelta(days=1),
        auth_time=NOON - proven,
        amr="pwd",
        grant=TokenGrant(scopes=frozenset(scopes)) if credential == "token" else None,
    )


def token(*scopes, **kwargs):
    return principal("token", scopes=scopes, **kwargs)


ANY = Requirement()
ADMIN = Requirement(role="admin", scope="admin:read")
PEOPLE = Requirement(session=True)
FRESH = Requirement(fresh_within=TEN_MINUTES)


@pytest.mark.parametrize(
    ("who", "requirement", "decision"),
    [
        pytest.param(
            None, Requirement(is_public=True), Decision.ALLOW, id="an anonymous caller may see what is public"
        ),
        pytest.param(None, ANY, Decision.LOG_IN, id="an anonymous caller has to log in"),
        pytest.param(None, ADMIN, Decision.LOG_IN, id="an anonymous caller gets no answer about roles first"),
        pytest.param(principal(), ANY, Decision.ALLOW, id="any session may where nothing is named"),
        pytest.param(principal(), Requirement(scope="x:read"), Decision.ALLOW, id="a session needs no scope"),
        pytest.param(principal(roles=()), ANY, Decision.ALLOW, id="a session without a role may where none is asked"),
        pytest.param(principal(), ADMIN, Decision.NEED_ROLE, id="a session without the role may not"),
        pytest.param(principal(roles=("user", "admin")), ADMIN, Decision.ALLOW, id="a session with the role may"),
        pytest.param(token("resources:read"), ANY, Decision.ALLOW, id="a token with the general scope may"),
        pytest.param(token(), ANY, Decision.NEED_SCOPE, id="a token without any scope may not"),
        pytest.param(token("profile:read"), ANY, Decision.NEED_SCOPE, id="a token with another scope may not"),
        pytest.param(token("resources"), ANY, Decision.NEED_SCOPE, id="half a scope is none"),
        pytest.param(token("resources:read x"), ANY, Decision.NEED_SCOPE, id="a scope is compared as a whole"),
        pytest.param(token("RESOURCES:READ"), ANY, Decision.NEED_SCOPE, id="capitals make another scope"),
        pytest.param(token("admin:read"), ADMIN, Decision.NEED_ROLE, id="a scope never widens what its owner may"),
        pytest.param(
            token(roles=("user", "admin")), ADMIN, Decision.NEED_SCOPE, id="a role never widens what the token may"
        ),
        pytest.param(
            token("admin:read", roles=("user", "admin")), ADMIN, Decision.ALLOW, id="a token with scope and role may"
        ),
        pytest.param(token("resources:read"), PEOPLE, Decision.NEED_SESSION, id="no token opens what is for people"),
        pytest.param(principal(), PEOPLE, Decision.ALLOW, id="a session opens what is for people"),
        pytest.param(principal(proven=TEN_MINUTES), FRESH, Decision.ALLOW, id="a proof of ten minutes is fresh enough"),
        pytest.param(
            principal(proven=TEN_MINUTES + timedelta(seconds=1)),
            FRESH,
            Decision.STEP_UP,
            id="a second more asks for a new proof",
        ),
        pytest.param(
            token("resources:read", proven=timedelta(hours=1)),
            FRESH,
            Decision.STEP_UP,
            id="a token is as fresh as the proof it was minted with",
        ),
        pytest.param(
            principal(proven=timedelta(hours=1)),
            Requirement(role="admin", fresh_within=TEN_MINUTES),
            Decision.NEED_ROLE,
            id="nobody is asked for a proof who could not pass with it",
        ),
        pytest.param(token(), Requirement(is_public=True), Decision.ALLOW, id="what is public asks nothing of a token"),
    ],
)
def test_the_guard_decides(who, requirement, decision):
    assert decide(who, requirement, NOON) is decision


def test_an_explanation_ends_at_the_check_that_failed():
    requirement = Requirement(role="admin", scope="admin:read", fresh_within=TEN_MINUTES)
    assert [step.is_met for step in explain(token(), requirement, Decision.NEED_SCOPE)] == [True, False, None, None]


def test_an_explanation_of_an_allowed_request_has_no_failed_check():
    requirement = Requirement(role="user", fresh_within=TEN_MINUTES)
    found = explain(principal(), requirement, decide(principal(), requirement, NOON))
    assert [step.is_met for step in found] == [True, True, True]


def test_an_anonymous_caller_gets_the_explanation_that_a_login_is_missing():
    assert [step.is_met for step in explain(None, ADMIN, Decision.LOG_IN)] == [False, None]


def test_an_explanation_for_a_session_has_no_scopes():
    assert not any("scope" in step.words for step in explain(principal(), ADMIN, Decision.NEED_ROLE))


def test_an_explanation_names_missing_and_present_permissions():
    words = " ".join(step.words for step in explain(token("profile:read"), ANY, Decision.NEED_SCOPE))
    assert "resources:read" in words
    assert "profile:read" in words


@pytest.mark.parametrize("who", [None, principal(), token(), token("resources:read"), principal(proven=timedelta(1))])
@pytest.mark.parametrize("requirement", [ANY, ADMIN, PEOPLE, FRESH])
def test_every_denial_has_exactly_one_failed_requirement(who, requirement):
    decision = decide(who, requirement, NOON)
    failed = [step for step in explain(who, requirement, decision) if step.is_met is False]
    assert len(failed) == (decision is not Decision.ALLOW)


@pytest.mark.parametrize(
    ("requirement", "words"),
    [
        (Requirement(is_public=True), "nothing"),
        (ANY, "any account, by a session, or a token with resources:read"),
        (PEOPLE, "any account, by a session"),
        (
            Requirement(role="admin", fresh_within=TEN_MINUTES, session=True),
            "role admin, by a session, confirmed in the last 10 minutes",
        ),
    ],
)
def test_a_requirement_has_a_readable_text(requirement, words):
    assert str(requirement).startswith(words)
