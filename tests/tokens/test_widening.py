"""Whether a change lets a token do anything that it could not do before; that takes a fresh proof."""

from datetime import UTC, datetime, timedelta

import pytest

from tests import factories
from tests.script import Script
from tests.tables import contents
from tests.tokens.edit_calls import edit
from webapp.guard.token_grant import TokenGrant
from webapp.tokens.widening import Bounds, is_wider

END = datetime(2027, 3, 14, tzinfo=UTC)
READ = frozenset({"reports:read"})
SET = frozenset


def bounds(end: datetime = END, **grant: object) -> Bounds:
    return Bounds(TokenGrant(**({"scopes": READ} | grant)), end)


case = pytest.param


@pytest.mark.parametrize(
    ("before", "after", "wider"),
    [
        case({}, {}, False, id="nothing changes"),
        case({}, {"scopes": SET({"reports:read", "reports:write"})}, True, id="a scope more"),
        case({}, {"scopes": SET({"reports:write"})}, True, id="a scope for another"),
        case({}, {"scopes": SET()}, False, id="a scope less"),
        case({}, {"methods": SET({"GET"})}, False, id="a first method"),
        case({"methods": SET({"GET"})}, {}, True, id="no methods any more"),
        case({"methods": SET({"GET"})}, {"methods": SET({"GET", "POST"})}, True, id="a method more"),
        case({"methods": SET({"GET", "POST"})}, {"methods": SET({"GET"})}, False, id="a method less"),
        case({"methods": SET({"GET"})}, {"methods": SET({"POST"})}, True, id="a method for another"),
        case({}, {"resources": SET({"/a"})}, False, id="a first address"),
        case({"resources": SET({"/a"})}, {}, True, id="no addresses any more"),
        case({"resources": SET({"/a"})}, {"resources": SET({"/a", "/b"})}, True, id="an address more"),
        case({}, {"networks": ("10.0.0.0/8",)}, False, id="a first network"),
        case({"networks": ("10.0.0.0/8",)}, {}, True, id="no networks any more"),
        case({"networks": ("10.0.0.0/8",)}, {"networks": ("10.1.0.0/16",)}, False, id="part of a network"),
        case({"networks": ("10.1.0.0/16",)}, {"networks": ("10.0.0.0/8",)}, True, id="the network of a part"),
        case({"networks": ("10.0.0.0/8",)}, {"networks": ("10.0.0.7/32", "192.0.2.1/32")}, True, id="one beyond"),
        case(
            {"networks": ("10.0.0.0/9", "10.128.0.0/9")}, {"networks": ("10.0.0.0/8",)}, False, id="halves, whole"
        ),
        case(
            {"networks": ("10.0.0.0/8",)}, {"networks": ("10.0.0.0/9", "10.128.0.0/9")}, False, id="whole, halves"
        ),
        case({"networks": ("0.0.0.0/0",)}, {"networks": ("2001:db8::/32",)}, True, id="IPv6 for all of IPv4"),
        case({"networks": ("::/0",)}, {"networks": ("10.0.0.0/8",)}, True, id="IPv4 for all of IPv6"),
        case({"networks": ("2001:db8::/32",)}, {"networks": ("2001:db8:1::/48",)}, False, id="part of IPv6"),
        case({"networks": ("2001:db8:1::/48",)}, {"networks": ("2001:db8::/32",)}, True, id="more of IPv6"),
        case(
            {"networks": ("2001:db8::/33", "2001:db8:8000::/33")},
            {"networks": ("2001:db8::/32",)},
            False,
            id="halves of IPv6",
        ),
        case({}, {"per_minute": 60}, False, id="a first rate"),
        case({"per_minute": 60}, {}, True, id="no rate any more"),
        case({"per_minute": 60}, {"per_minute": 61}, True, id="one a minute more"),
        case({"per_minute": 60}, {"per_minute": 59}, False, id="one a minute less"),
        case({}, {"jkt": "a"}, False, id="bound to a key"),
        case({"jkt": "a"}, {}, True, id="bound to none any more"),
        case({"jkt": "a"}, {"jkt": "b"}, True, id="bound to another"),
        case({}, {"end": END - timedelta(days=1)}, False, id="a sooner end"),
        case({}, {"end": END + timedelta(seconds=1)}, True, id="a later end"),
        case(
            {"methods": SET({"GET"}), "per_minute": 9}, {"methods": SET({"GET"}), "per_minute": 10, "scopes": SET()},
            True,
            id="less of one, more of another",
        ),
    ],
)  # fmt: skip
def test_everything_not_possible_before_counts_as_wider(before, after, wider):
    assert is_wider(bounds(**before), bounds(**after)) is wider


@pytest.fixture
def tired(at_noon, clock):
    """Ada, whose last proof is a quarter of an hour old."""
    clock.shift(timedelta(minutes=15))
    return at_noon


NARROWER = [
    {"scopes": ["profile:read"]},
    {"networks": ["10.1.0.0/16"]},
    {"per_minute": 5},
    {"name": "other"},
    {"note": "x"},
]
WIDER = [
    {"scopes": ["profile:read", "protected:read", "tokens:read"]}, {"networks": []}, {"networks": ["10.0.0.0/7"]},
    {"methods": []}, {"methods": ["GET", "POST"]}, {"per_minute": 101}, {"per_minute": ""},
]  # fmt: skip


@pytest.mark.parametrize("fields", NARROWER, ids=str)
def test_removing_permissions_needs_no_step_up(tired, bounded, fields):
    assert edit(tired, bounded, **fields).status_code == 200


@pytest.mark.parametrize("fields", WIDER, ids=str)
def test_adding_permissions_needs_a_step_up(tired, app, bounded, fields):
    before = contents(app)
    answer = edit(tired, bounded, **fields)
    assert (answer.status_code, answer.json["code"]) == (401, "step_up_required")
    assert contents(app) == before


@pytest.mark.parametrize("fields", WIDER, ids=str)
def test_after_a_step_up_permissions_can_be_added(person, bounded, fields):
    assert edit(person, bounded, **fields).status_code == 200


def test_on_the_page_the_form_is_kept_during_the_step_up(tired, app, bounded):
    tired.open(f"/tokens/{bounded.entry.id}/edit")
    page = tired.press("Save", networks="")
    assert page.status_code == 401
    tired.press("Confirm", password=factories.PASSWORD)
    tired.press("Send form")
    assert "has more permissions now" in tired.page.text
    assert Script(app, bounded.token, ip_address="192.0.2.1").get("/protected").status_code == 200
