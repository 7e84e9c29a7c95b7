"""The logins of a user with identity providers on the admin page, and their removal with a reason."""

import pytest

from tests import factories
from tests.browser import Person
from tests.federation.identities import subjects_of, without_password
from tests.federation.upstream import linked
from tests.outbox_mails import mails
from tests.tables import account, events
from webapp.testing import JSON, as_user, with_token


def test_a_removed_login_is_recorded_with_its_reason_and_mailed(app, user):
    identity = linked(app, user)
    factories.user(app, "ines", role="admin")
    ada, ines = as_user(app, "ada"), Person(app)
    ines.log_in("ines")
    page = ines.open(f"/admin/users/{user.id}").text
    assert "u-1@example.org" in page
    path = f"/admin/users/{user.id}/identities/{identity}/unlink"
    assert path in page
    assert "only way" not in ines.open(path).text
    assert ines.press("Remove login").status_code == 422, "without a reason"
    assert "ada can no longer log in with Acme." in ines.press("Remove login", reason="left the company").text
    assert subjects_of(app, user) == []
    assert ada.get("/dashboard").status_code == 303, "they are logged out"
    (event,) = events(app, "provider.unlinked")
    assert ("left the company" in str(event["details"]), event["actor_id"] is not None) == (True, True)
    (mail,) = [mail for mail in mails(app) if mail.kind == "credential_ended"]
    assert (mail.to, "ines removed your login with Acme." in mail.text) == ("ada@example.org", True)
    assert "removed the login of" in ines.open("/admin/audit").text
    assert ines.ask("GET", path).status_code == 404


def test_the_page_says_that_it_is_the_only_way_to_log_in(app, user):
    path = f"/admin/users/{user.id}/identities/{linked(app, user)}/unlink"
    without_password(app, user)
    assert "only way to log in" in as_user(app, "boss", role="super_admin").get(path).text


@pytest.mark.parametrize(("actor", "theirs", "status"), [("admin", "super_admin", 403), ("user", "user", 403)])
def test_only_who_may_administer_a_user_removes_a_login(app, actor, theirs, status):
    other = factories.user(app, "grace", role=theirs)
    path = f"/admin/users/{other.id}/identities/{linked(app, other)}/unlink"
    caller = as_user(app, "ines", role=actor)
    assert caller.get(path).status_code == status
    assert caller.post(path, headers=JSON, json={"reason": "because"}).status_code == status
    assert subjects_of(app, other) == ["u-1"]


def test_a_token_does_not_remove_a_login_of_its_owner(app):
    script = with_token(app, scopes=("admin:read", "admin:write"), of="boss", role="admin")
    found = account(app, "boss")
    path = f"/admin/users/{found.id}/identities/{linked(app, found)}/unlink"
    assert script.post(path, json={"reason": "because"}).status_code == 403
    assert script.get(f"/admin/users/{found.id}").json["identities"][0]["provider"] == "Acme"
