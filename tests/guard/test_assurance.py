"""Assurance levels, by authentication methods."""

import pytest

from webapp.guard.assurance import Demands, Level, demands_of, level_of


@pytest.mark.parametrize(
    ("amr", "level"),
    [
        pytest.param("pwd", Level.ONE, id="a password is one factor"),
        pytest.param("otp", Level.ONE, id="a code alone is one factor"),
        pytest.param("recovery", Level.ONE, id="a recovery code alone is one factor"),
        pytest.param("otp recovery", Level.ONE, id="two codes are things one has, twice"),
        pytest.param("pwd otp", Level.TWO, id="a password and a code are two"),
        pytest.param("pwd recovery", Level.TWO, id="a recovery code stands in for the code"),
        pytest.param("setup otp", Level.TWO, id="so does a setup link with a code"),
        pytest.param("pwd mfa", Level.TWO, id="two factors proven elsewhere"),
        pytest.param("hwk user", Level.PHISHING_RESISTANT, id="a passkey that stays in its device"),
        pytest.param("swk user", Level.PHISHING_RESISTANT, id="a passkey that is synced"),
        pytest.param("pwd hwk user", Level.PHISHING_RESISTANT, id="a passkey after a password"),
        pytest.param("cli", Level.ONE, id="what was minted by an operator"),
        pytest.param("", Level.ONE, id="nothing"),
        pytest.param("user", Level.ONE, id="a touch alone"),
        pytest.param("pwdotp", Level.ONE, id="a word that only looks like two"),
    ],
)
def test_the_level_follows_from_the_methods(amr, level):
    assert level_of(amr) is level


def test_a_required_level_of_a_scope_is_recognised_by_its_colon():
    demands = demands_of(["admin", "admin:write"], ["super_admin"])
    assert demands == Demands(
        roles={"admin": Level.TWO, "super_admin": Level.PHISHING_RESISTANT}, scopes={"admin:write": Level.TWO}
    )


def test_the_highest_level_that_any_of_the_roles_requires_counts():
    demands = demands_of(["user"], ["super_admin"])
    assert demands.of_roles(("user", "admin")) is Level.TWO
    assert demands.of_roles(("user", "admin", "super_admin")) is Level.PHISHING_RESISTANT
    assert demands.of_roles(()) is Level.ONE


def test_where_both_are_required_a_passkey_is_needed():
    assert demands_of(["admin"], ["admin"]).of_roles(["admin"]) is Level.PHISHING_RESISTANT
