"""Several people are disabled together or not at all."""

from uuid import uuid4

import pytest

from tests import factories
from tests.admin.admin_objects import NOBODY, WHY
from tests.browser import Person
from tests.tables import contents, events


@pytest.fixture
def person(ines: Person) -> Person:
    return ines


@pytest.mark.parametrize(
    "ids",
    [[], ["x"], [NOBODY], [""], ["1", "2"], "all", 7, None, {"a": 1}, [["x"]], [None], ["%"]],
    ids=str,
)
def test_an_invalid_list_of_users_disables_nobody(app, script, user, ids):
    before = contents(app)
    answer = script.post("/admin/users/disable", json={"ids": ids, "reason": WHY})
    assert answer.status_code in (400, 404, 422)
    assert contents(app) == before


def test_an_unknown_user_in_the_list_disables_nobody(app, script, user):
    before = contents(app)
    assert script.post("/admin/users/disable", json={"ids": [str(user.id), NOBODY], "reason": WHY}).status_code == 404
    assert contents(app) == before


def test_at_most_a_hundred_are_disabled_at_once(app, script):
    ids = [str(uuid4()) for _ in range(101)]
    answer = script.post("/admin/users/disable", json={"ids": ids, "reason": WHY})
    assert (answer.status_code, answer.json["title"]) == (422, "Too many users at once")


def test_a_repeated_user_counts_once(app, script, user):
    sent = {"ids": [str(user.id), str(user.id).upper()], "reason": WHY}
    assert script.post("/admin/users/disable", json=sent).json["people"] == 1


def test_an_admin_selects_users_sees_what_ends_and_disables_them(app, person, user):
    bob = factories.user(app, "bob")
    factories.api_token(app, bob)
    theirs = Person(app)
    theirs.log_in("ada")
    person.open(f"/admin/users/disable?ids={user.id}&ids={bob.id}")
    assert "Disable 2 users?" in person.page.text
    assert "1 session, 0 API tokens and 0 script logins end" in person.page.text
    assert "0 sessions, 1 API token and 0 script logins end" in person.page.text
    assert "2 users are disabled." in person.press("Disable 2 users", reason=WHY).text
    assert theirs.open("/dashboard").request.path == "/login"


def test_the_last_super_admin_is_not_disabled_among_others(app, chief, user):
    keeper = Person(app)
    keeper.log_in("chief")
    keeper.open(f"/admin/users/disable?ids={user.id}&ids={chief.id}")
    assert keeper.press("Disable 2 users", reason=WHY).status_code == 409
    assert events(app, "user.disabled") == []


def test_several_users_are_disabled_together_or_not_at_all(app, script, chief, user):
    bob = factories.user(app, "bob")
    refused = script.post("/admin/users/disable", json={"ids": [str(user.id), str(chief.id)], "reason": WHY})
    assert refused.status_code == 403
    assert events(app, "user.disabled") == []
    done = script.post("/admin/users/disable", json={"ids": [str(user.id), str(bob.id)], "reason": WHY})
    assert done.json["people"] == 2
