"""Each role includes the ones before it."""

import pytest

from tests import factories
from tests.browser import Person
from tests.script import Script
from webapp.accounts.roles import included_in


@pytest.mark.parametrize(
    ("role", "included"),
    [
        ("user", ("user",)),
        ("admin", ("user", "admin")),
        ("super_admin", ("user", "admin", "super_admin")),
        ("owner", ()),
        ("", ()),
        ("Admin", ()),
    ],
)
def test_a_role_includes_lower_ones_and_an_unknown_role_nothing(database, role, included):
    with database.read() as db:
        assert included_in(db, role) == included


@pytest.mark.parametrize(
    ("role", "statuses"), [("user", [200, 403, 403]), ("admin", [200, 200, 403]), ("super_admin", [200, 200, 200])]
)
def test_each_page_is_open_to_its_role_and_higher_ones_by_session_and_by_token(app, role, statuses):

    ada = factories.user(app, "ada", role=role)
    person, script = Person(app), Script(app, factories.api_token(app, ada).token)
    person.log_in("ada")
    paths = ["/protected/user", "/protected/admin", "/protected/super-admin"]
    assert [person.ask("GET", path).status_code for path in paths] == statuses
    assert [script.get(path).status_code for path in paths] == statuses
