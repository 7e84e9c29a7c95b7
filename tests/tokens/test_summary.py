"""What a token can do is said in plain words, from what it may and until when."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from webapp.core.clock import NEVER
from webapp.guard.policy import Requirement
from webapp.guard.resources import Resource
from webapp.guard.token_grant import TokenGrant
from webapp.tokens.scopes import Catalogue
from webapp.tokens.summary import summary

CATALOGUE = Catalogue(
    [
        ("GET /reports", Requirement(scope="reports:read")),
        ("GET /reports/<int:number>", Requirement(scope="reports:read")),
        ("POST /reports", Requirement(scope="reports:write")),
        ("GET /metrics", Requirement(scope="metrics:read")),
        ("POST /tokens/self/rotate", Requirement(scope="self:rotate")),
    ],
    {"reports": Resource("reports", "Reports", {}), "self": Resource("self", "This token", {})},
)
END = datetime(2027, 3, 14, 12, tzinfo=UTC)
NOTHING_ELSE = "Cannot change anything, create tokens or manage your account."


def summary_of(*scopes: str, end: datetime = END, zone=UTC, **bounds: object) -> list[str]:
    return summary(TokenGrant(scopes=frozenset(scopes), **bounds), end, CATALOGUE, zone=zone)


def test_a_summary_has_permissions_expiry_and_restrictions():
    assert summary_of("reports:read", networks=("10.0.0.0/8",)) == [
        "Can read Reports until 14 March 2027, 12:00 UTC, from 10.0.0.0/8.",
        NOTHING_ELSE,
    ]


@pytest.mark.parametrize(
    ("scopes", "words"),
    [
        (["reports:read", "metrics:read"], "Can read Metrics and read Reports until"),
        (["reports:read", "reports:write"], "Can read and change Reports until"),
        (["reports:write"], "Can change Reports until"),
        (["reports:read", "self:rotate"], "Can read Reports and rotate this token until"),
    ],
)
def test_each_scope_has_its_own_phrase(scopes, words):
    assert summary_of(*scopes)[0].startswith(words)


def test_restrictions_are_in_one_sentence():
    only = summary_of(
        "reports:read", methods=frozenset({"GET"}), resources=frozenset({"/reports/<int:number>"}), per_minute=60
    )
    assert only[1] == "Only with GET, at /reports/… and up to 60 times a minute."


def test_permissions_excluded_by_methods_or_paths_are_not_listed():
    assert summary_of("reports:read", "reports:write", methods=frozenset({"GET"}))[0].startswith(
        "Can read Reports until"
    )
    assert summary_of("reports:read", "metrics:read", resources=frozenset({"/metrics"}))[0].startswith(
        "Can read Metrics until"
    )
    assert summary_of("reports:write", methods=frozenset({"GET"}))[0].startswith("Can do nothing yet")


def test_a_token_that_can_change_something_is_not_called_read_only():
    assert summary_of("reports:write")[-1] == "Cannot create tokens or manage your account."
    assert summary_of("reports:read")[-1] == NOTHING_ELSE


def test_a_token_without_scopes_can_do_nothing():
    assert summary_of() == ["Can do nothing yet: no permission is chosen."]


def test_a_token_without_expiry_is_described_as_such():
    assert summary_of("reports:read", end=NEVER)[0] == "Can read Reports until it is revoked."


def test_the_expiry_is_in_the_time_zone_of_the_reader():
    assert "14 March 2027, 13:00 CET" in summary_of("reports:read", zone=ZoneInfo("Europe/Berlin"))[0]


def test_long_lists_are_shortened_with_their_number():
    networks = tuple(f"10.0.{number}.0/24" for number in range(9))
    assert "from 10.0.0.0/24, 10.0.1.0/24, 10.0.2.0/24 or 6 more." in summary_of("reports:read", networks=networks)[0]
