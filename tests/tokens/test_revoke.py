"""A token is revoked on its page: at once, and once."""

from tests import factories
from tests.script import Script
from tests.tables import contents, events


def test_a_second_revocation_changes_nothing(person, app, user):
    issued = factories.api_token(app, user, name="laptop")
    path = f"/tokens/{issued.entry.id}/revoke"
    person.open(path)
    person.press("Revoke")
    before = contents(app)
    person.open(path)
    fields = {"csrf_token": person.csrf_token or token_of(person)}
    answer = person.ask("POST", path, data=fields)
    assert answer.status_code == 303
    assert contents(app) == before
    assert len(events(app, "token.revoked")) == 1


def token_of(person):
    return person.ask("GET", "/login", headers={"Accept": "application/json"}).json["csrf_token"]


def test_a_revoked_token_is_refused_at_once_and_its_page_shows_it(person, app, user):
    issued = factories.api_token(app, user, name="laptop")
    person.open(f"/tokens/{issued.entry.id}/revoke")
    person.press("Revoke")
    assert Script(app, issued.token).get("/protected").json["code"] == "token_revoked"
    assert "revoked" in person.open(f"/tokens/{issued.entry.id}").text
