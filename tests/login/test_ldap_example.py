"""The example of docs/examples, run as it stands against ldap3's own imitation of a directory."""

from functools import partial
from importlib import import_module
from pathlib import Path

import ldap3
import pytest

from tests.browser import Person
from tests.login.directory import auth
from tests.tables import account

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"
READER, BASE = "cn=reader,dc=example,dc=org", "ou=people,dc=example,dc=org"


@pytest.fixture
def site(make_app, monkeypatch):
    for name, value in {"URL": "ldap://directory", "READER": READER, "READER_PASSWORD": "reads", "BASE": BASE}.items():
        monkeypatch.setenv(f"LDAP_{name}", value)
    monkeypatch.syspath_prepend(str(EXAMPLES))
    example = import_module("ldap_people")
    monkeypatch.setattr(example, "Connection", partial(ldap3.Connection, client_strategy=ldap3.MOCK_SYNC))
    fill(example.Connection(example.SERVER).strategy)
    return make_app(WEBAPP_IDENTITY_PROVIDER="ldap_people:authenticate")


def fill(directory):
    directory.add_entry(READER, {"userPassword": "reads", "objectClass": "person"})
    for uid, name in {"grace": "Grace Hopper", "ada": "Ada Lovelace"}.items():
        facts = {"uid": uid, "cn": name, "mail": f"{uid}@example.org", "entryUUID": f"uuid of {uid}"}
        directory.add_entry(f"uid={uid},{BASE}", facts | {"userPassword": f"{uid} has this one"})


@pytest.mark.parametrize("name", ["grace", "grace@example.org"])
def test_users_of_the_example_log_in_by_name_and_by_email_address(site, name):
    assert Person(site).log_in(name, "grace has this one").request.path == "/dashboard"
    user = account(site, "grace")
    assert (user.display_name, user.email, user.known_elsewhere_as) == (
        "Grace Hopper",
        "grace@example.org",
        "uuid of grace",
    )


@pytest.mark.parametrize(
    ("name", "password"),
    [
        pytest.param("grace", "ada has this one", id="with the password of another"),
        pytest.param("grace", "", id="without a password"),
        pytest.param("grace", " ", id="with an empty one"),
        pytest.param("*", "grace has this one", id="by a name that would find everybody"),
        pytest.param("g*", "grace has this one", id="by the beginning of a name"),
        pytest.param("grace)(uid=*", "grace has this one", id="by a name that is a filter"),
        pytest.param("nobody", "grace has this one", id="by an unknown name"),
    ],
)
def test_other_users_cannot_log_in(site, name, password):
    assert auth(site, name, password).status_code in (400, 401)
    assert account(site, "grace") is None


def test_the_example_is_as_short_as_documented():
    code = (EXAMPLES / "ldap_people.py").read_text().splitlines()
    assert len([line for line in code if line.strip() and not line.startswith(('"""', "import", "from"))]) <= 20
