"""user factors, user reset-factors."""

import json

import pytest

from tests.browser import Person
from tests.second_factors import with_app, with_passkey, with_sheet


@pytest.fixture
def say(run, app, instance):
    """A command on the very site that the people of the test are in."""
    return lambda command: run(command, WEBAPP_INSTANCE=str(instance))


def test_the_factors_of_a_user_can_be_listed_and_removed(app, user, say):
    with_app(app, user)
    with_passkey(app, user)
    with_sheet(app, user)
    listed = say("user factors ada").stdout
    assert all(word in listed for word in ("Security key", "authenticator app", "10 recovery codes"))
    found = json.loads(say("user factors ada --json").stdout)
    assert (len(found["passkeys"]), found["recovery_codes"], found["reset_at"]) == (1, 10, None)
    assert say("user reset-factors ada").exit_code == 0
    assert json.loads(say("user factors ada --json").stdout)["passkeys"] == []
    assert Person(app).log_in("ada").request.path == "/dashboard"


def test_an_unknown_user_is_not_found(say):
    assert say("user factors nobody").exit_code != 0


def test_a_token_for_a_scope_that_requires_a_second_factor_is_refused(add, run):
    add("ada")
    refused = run("token mint ada --name laptop --scope protected:read", WEBAPP_SECOND_FACTOR_FOR="protected:read")
    assert (refused.exit_code, "requires a second factor" in refused.stderr) == (1, True)


@pytest.mark.parametrize(
    ("demanded", "says"),
    [("", "No role requires one"), ("admin", "requires one exists"), ("admn", "which does not exist")],
)
def test_doctor_reports_a_required_second_factor_for_an_unknown_role(say, instance, run, demanded, says):
    done = run("doctor", WEBAPP_INSTANCE=str(instance), WEBAPP_SECOND_FACTOR_FOR=demanded)
    assert says in done.output
