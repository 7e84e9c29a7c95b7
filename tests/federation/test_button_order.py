"""The order of the buttons on the login page: a provider is moved before the one above it."""

from itertools import pairwise

import pytest

from tests import factories, restored_site
from tests.browser import Person
from tests.federation.admin_pages import PAGES, chief_of, page_of
from tests.federation.upstream import entered
from webapp.federation import providers

restored, app = restored_site.fixtures()
chief = restored_site.browser(chief_of)

NUMBERS = {
    "each has its own": (0, 1, 2, 3),
    "two have the same": (5, 5, 5, 7),
    "all have the same": (0, 0, 0, 0),
    "with gaps": (0, 10, 20, 30),
    "at the end": (998, 999, 999, 999),
}


def enter(app, numbers, declared=()):
    for name, number in zip("abcd", numbers, strict=False):
        issuer = f"https://{name}.example.org"
        entered(app, issuer, slug=f"p-{name}", name=name * 3, position=number, is_declared=name in declared)


def order(app):
    with factories.database_of(app).read() as db:
        return "".join(row.slug[-1] for row in providers.enabled(db))


@pytest.mark.parametrize("numbers", NUMBERS.values(), ids=NUMBERS)
@pytest.mark.parametrize(("moved", "after"), [("a", "abcd"), ("b", "bacd"), ("c", "acbd"), ("d", "abdc")])
def test_a_provider_changes_places_with_the_one_above(app, chief, numbers, moved, after):
    enter(app, numbers)
    chief.open(PAGES)
    token = chief.csrf_token
    assert chief.ask("POST", f"{page_of(app, f'p-{moved}')}/up", data={"csrf_token": token}).status_code == 303
    assert order(app) == after
    page = Person(app).open("/login").text
    places = [page.index(f"Log in with {name * 3}") for name in after]
    assert all(one < other for one, other in pairwise(places))


def test_the_button_moves_it_and_the_change_is_recorded(app, chief):
    enter(app, (0, 1))
    chief.open(PAGES)
    assert "bbb was moved up." in chief.press("Move up bbb").text
    assert chief.page.text.count("Move up") == 1
    assert "The identity provider bbb was changed." in chief.open("/admin/audit?event=provider.edited").text


@pytest.mark.parametrize(
    ("declared", "moved", "buttons"), [("a", "b", 1), ("b", "b", 0), ("b", "c", 0), ("ab", "b", 0)]
)
def test_a_declared_position_stays(app, chief, declared, moved, buttons):
    enter(app, (0, 1, 2), declared)
    assert chief.open(PAGES).text.count("Move up") == buttons
    token = chief.csrf_token
    answer = chief.ask("POST", f"{page_of(app, f'p-{moved}')}/up", data={"csrf_token": token})
    assert answer.status_code == 409
    assert order(app) == "abc"


def test_who_is_no_super_admin_sees_no_buttons(app):
    enter(app, (0, 1))
    factories.user(app, "deputy", role="admin")
    person = Person(app)
    person.log_in("deputy")
    assert "Move up" not in person.open(PAGES).text
