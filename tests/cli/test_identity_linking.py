"""user use-provider-password, use-local-password: an account has its password at the provider or here, never both."""

import pytest

from tests import factories
from tests.browser import Person
from tests.cli.conftest import PASSWORD
from tests.login.directory import PASSWORD as THEIRS
from tests.login.directory import PROVIDER, with_provider
from tests.script import Script
from tests.tables import account, contents, events
from webapp.cli.user import FORMER_NAMES


@pytest.fixture
def app(make_app, people):
    return with_provider(make_app)


@pytest.fixture
def say(run, app, instance):
    """A command on the very site that the people of the test are in."""
    here = {"WEBAPP_INSTANCE": str(instance), "WEBAPP_IDENTITY_PROVIDER": PROVIDER}
    return lambda command, **more: run(command, **(here | more))


@pytest.mark.parametrize(("former", "present"), FORMER_NAMES.items())
def test_a_former_name_of_a_command_is_accepted_and_in_no_list(former, present, say):
    helps = [say(f"user {name} --help").stdout.splitlines()[1:] for name in (former, present)]
    assert helps[0] == helps[1] != []
    listed = say("user --help").stdout
    assert (former in listed, present in listed) == (False, True)


def enters(app, password):
    return Person(app).log_in("ada", password).request.path == "/dashboard"


def test_a_linked_account_is_the_same_and_its_password_checked_by_the_provider(app, user, people, say):
    people.add("ada", subject="4f1c")
    person, token = Person(app), factories.api_token(app, user).token
    person.log_in("ada")
    done = say("user use-provider-password ada --as 4f1c --yes")
    assert (done.exit_code, "identity provider, as 4f1c" in done.stderr) == (0, True), done.stderr
    assert person.open("/dashboard").request.path == "/login"
    assert Script(app, token).get("/protected").status_code == 200
    assert (enters(app, factories.PASSWORD), enters(app, THEIRS)) == (False, True)
    moved = account(app, "ada")
    assert (moved.id, moved.password_hash) == (user.id, "")


def test_an_unlinked_account_gets_a_local_password_and_the_provider_is_not_called(app, user, people, say):
    people.add("ada")
    assert say("user use-provider-password ada --yes").exit_code == 0
    person = Person(app)
    person.log_in("ada", THEIRS)
    asked = len(people.asked)
    done = say("user use-local-password ada --password-stdin --yes", typed=PASSWORD)
    assert done.exit_code == 0, done.stderr
    assert person.open("/dashboard").request.path == "/login"
    assert (enters(app, THEIRS), enters(app, PASSWORD)) == (False, True)
    assert len(people.asked) == asked


def test_both_are_audit_events(app, user, people, say):
    say("user use-provider-password ada --yes")
    say("user use-local-password ada --password-stdin --yes", typed=PASSWORD)
    for event in ("identity.linked", "identity.unlinked"):
        (found,) = events(app, event)
        assert '"known_as": "ada"' in str(found["details"])
        assert PASSWORD not in str(found)


def test_it_needs_confirmation_and_otherwise_changes_nothing(app, user, say):
    before = contents(app)
    asked = say("user use-provider-password ada", typed="yes\n")
    assert (asked.exit_code, "Type “ada” to continue" in asked.stderr) == (1, True)
    assert contents(app) == before
    assert say("user use-provider-password ada", typed="ada\n").exit_code == 0


def test_linking_the_only_super_admin_warns_about_the_provider(app, say):
    factories.user(app, "boss", role="super_admin")
    assert (
        "the only super_admin with a password on this site"
        in say("user use-provider-password boss", typed="no\n").stderr
    )
    factories.user(app, "other", role="super_admin")
    assert "the only super_admin" not in say("user use-provider-password boss", typed="no\n").stderr


@pytest.mark.parametrize(
    ("command", "settings", "says"),
    [
        pytest.param(
            "user use-provider-password ada --yes",
            {"WEBAPP_IDENTITY_PROVIDER": ""},
            "Set WEBAPP_LDAP_URL or WEBAPP_IDENTITY_PROVIDER",
            id="no provider",
        ),
        pytest.param(
            "user use-provider-password ada --as 4f1c --yes",
            {},
            "Another user is already linked",
            id="another has the key",
        ),
        pytest.param("user use-provider-password grace --yes", {}, "provider, as 4f1c", id="moved before"),
        pytest.param("user use-provider-password nobody --yes", {}, "no user named nobody", id="nobody of that name"),
        pytest.param("user use-local-password ada --yes", {}, "already has a password on this site", id="here before"),
        pytest.param("user use-local-password grace --password-stdin --yes", {}, "15 characters", id="a poor password"),
    ],
)
def test_an_impossible_link_is_an_error_message_and_changes_nothing(app, user, people, say, command, settings, says):
    people.add("grace", subject="4f1c")
    Person(app).log_in("grace", THEIRS)
    before = contents(app)
    done = say(command, typed="short", **settings)
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert says in done.stderr
    assert contents(app) == before


@pytest.mark.parametrize("key", ["''", "' '", "x" * 201, "a\tb"])
def test_an_invalid_key_is_refused(app, user, run, instance, key):
    where = {"WEBAPP_INSTANCE": str(instance), "WEBAPP_IDENTITY_PROVIDER": PROVIDER}
    done = run("user use-provider-password ada --yes", "--as", key.strip("'"), **where)
    assert (done.exit_code, "KEY must have" in done.stderr) == (2, True)


def test_standard_input_cannot_give_the_password_and_confirm(app, user, say):
    assert say("user use-local-password ada --password-stdin").exit_code == 2
