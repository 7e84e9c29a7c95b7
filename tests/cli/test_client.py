"""client: register apps, list them, change their secrets and remove them."""

import json
import re
import sqlite3
from contextlib import closing

import pytest

from tests.oauth.test_private_key_jwt import jwk, jwks
from webapp.cli import prompts

URI, FILES = "https://wiki.example.org/cb", "https://files.example.org"


def secret_of(done):
    return re.search(r"^client_secret=(\S+)$", done.stdout, re.MULTILINE)[1]


def test_an_app_is_added_listed_and_removed(run):
    done = run("client add Wiki", "--redirect-uri", URI, "--scope", "protected:read", "--role", "admin")
    assert done.exit_code == 0, done.stderr
    client_id = re.search(r"^client_id=(\S+)$", done.stdout, re.MULTILINE)[1]
    assert len(secret_of(done)) >= 43
    (found,) = json.loads(run("client list --json").stdout)
    assert found == {
        "name": "Wiki",
        "client_id": client_id,
        "kind": "confidential",
        "state": "enabled",
        "is_first_party": False,
        "operator": "",
        "redirect_uris": [URI],
        "scopes": ["protected:read"],
        "resources": [],
        "require_pushed_authorization_requests": False,
        "roles": ["admin"],
        "people": [],
        "token_endpoint_auth_methods": ["client_secret_basic", "client_secret_post"],
        "is_for_devices": False,
    }
    assert client_id in run("client list").stdout
    assert run("client remove Wiki", typed="no\n").exit_code == 1
    assert run("client remove wiki", typed="Wiki\n").exit_code == 0
    assert json.loads(run("client list --json").stdout) == []


def test_an_edit_changes_what_it_names_and_nothing_else(run):
    run("client add Wiki --own", "--redirect-uri", URI, "--role", "admin")
    assert run("client edit wiki", "--role", "user", "--not-own").exit_code == 0
    (found,) = json.loads(run("client list --json").stdout)
    assert (found["redirect_uris"], found["roles"], found["is_first_party"]) == ([URI], ["user"], False)
    assert run("client edit Wiki", "--role", "").exit_code == 0
    assert json.loads(run("client list --json").stdout)[0]["roles"] == []


def test_an_operator_is_an_option_that_an_empty_text_removes(run):
    assert run("client add Wiki", "--redirect-uri", URI, "--operator", "Example Ltd").exit_code == 0
    for given, operator in (((), "Example Ltd"), (("--operator", "Other"), "Other"), (("--operator", ""), "")):
        assert not given or run("client edit Wiki", *given).exit_code == 0
        assert json.loads(run("client list --json").stdout)[0]["operator"] == operator
    assert "100 printable characters" in run("client edit Wiki", "--operator", "x" * 101).output


def test_keys_services_and_pushed_requests_of_an_app_are_options(run, tmp_path):
    keys = tmp_path / "jwks.json"
    keys.write_text(jwks(jwk()))
    done = run("client add Wiki --require-pushed-requests", "--redirect-uri", URI, "--resource", FILES, "--jwks", keys)
    assert (done.exit_code, "client_secret" in done.stdout) == (0, False), done.stderr
    (found,) = json.loads(run("client list --json").stdout)
    assert (found["resources"], found["token_endpoint_auth_methods"]) == ([FILES], ["private_key_jwt"])
    assert found["require_pushed_authorization_requests"]
    assert run("client secret Wiki").exit_code == 1, "it proves itself with a key"
    options = "--allow-unpushed-requests", "--resource", "", "--jwks", ""
    assert run("client edit Wiki", *options).exit_code == 0
    (found,) = json.loads(run("client list --json").stdout)
    assert (found["resources"], found["require_pushed_authorization_requests"]) == ([], False)
    assert secret_of(run("client secret Wiki"))
    for refused in (("--jwks", tmp_path / "none"), ("--jwks-uri", "http://wiki.example.org"), ("--resource", "files")):
        assert run("client edit Wiki", *refused).exit_code != 0


def test_an_app_is_disabled_and_enabled_again(run):
    run("client add Wiki", "--redirect-uri", URI)
    assert run("client disable Wiki", typed="no\n").exit_code == 1
    assert "0 logins to it ended" in run("client disable wiki", typed="Wiki\n").stderr
    assert json.loads(run("client list --json").stdout)[0]["state"] == "disabled"
    assert run("client enable Wiki").exit_code == 0
    assert json.loads(run("client list --json").stdout)[0]["state"] == "enabled"


def test_an_app_of_a_recipe_is_added_by_its_url_and_shown_with_its_settings(run):
    done = run("client add Cloud --recipe nextcloud", "--url", "https://cloud.example.org")
    client_id = re.search(r"^client_id=(\S+)$", done.stdout, re.MULTILINE)[1]
    found = json.loads(run("client list --json").stdout)[0]
    assert found["redirect_uris"][0] == "https://cloud.example.org/apps/user_oidc/code"
    shown = run("client show cloud")
    assert f'--clientid="{client_id}"' in shown.stdout
    assert "use_pkce switches PKCE on." in shown.stderr


def test_a_new_secret_is_another_and_a_public_app_has_none(run):
    first = secret_of(run("client add Wiki", "--redirect-uri", URI))
    assert secret_of(run("client secret Wiki")) != first
    added = run("client add Phone --public", "--redirect-uri", "org.example.phone:/cb")
    assert "client_secret" not in added.stdout
    assert run("client secret Phone").exit_code == 1


def test_tokens_for_registration_are_made_listed_and_revoked(run):
    made = run("client registration-token add --uses 2 --expires 2h")
    assert (made.exit_code, len(made.stdout.strip())) == (0, 43)
    assert "WEBAPP_DYNAMIC_REGISTRATION" in made.stderr
    listed = run("client registration-token list").stdout
    assert made.stdout.strip() not in listed
    token_id = re.search(r"[0-9a-f-]{36}", listed)[0]
    assert run(f"client registration-token revoke {token_id}").exit_code == 0
    assert run(f"client registration-token revoke {token_id}").exit_code == 1
    assert run("client registration-token add --expires 31d").exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["client", "add", "Wiki"], "at least one redirect URI"),
        (["client", "add", "W", "--redirect-uri", URI], "2 to 50 printable characters"),
        (["client", "add", "Taken", "--redirect-uri", URI], "with this name already"),
        (["client", "add", "taken", "--redirect-uri", URI], "with this name already"),
        (["client", "add", "Wiki", "--redirect-uri", "http://wiki.example.org/cb"], "Use https"),
        (["client", "add", "Wiki", "--redirect-uri", "/cb"], "complete URL"),
        (["client", "add", "Wiki", "--service-account", "nobody"], "no service account nobody"),
        (["client", "add", "Cloud", "--recipe", "nextcloud"], "Enter the URL of the app"),
        (["client", "show", "nobody"], "There is no app nobody"),
        (["client", "edit", "Taken"], "Nothing to change"),
        (["client", "edit", "Taken", "--redirect-uri", ""], "at least one redirect URI"),
        (["client", "secret", "nobody"], "There is no app nobody"),
        (["client", "disable", "nobody", "--yes"], "There is no app nobody"),
        (["client", "enable", "nobody"], "There is no app nobody"),
        (["client", "remove", "nobody", "--yes"], "There is no app nobody"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_is_one_sentence(run, arguments, reason):
    run("client add Taken", "--redirect-uri", URI)
    done = run(arguments[0], *arguments[1:])
    assert done.exit_code == 1
    assert reason in done.stderr


@pytest.mark.parametrize("command", ["disable", "remove"])
def test_the_server_can_write_while_the_operator_is_asked(run, instance, monkeypatch, command):
    run("client add Wiki", "--redirect-uri", URI)
    written = []

    def answer(*_words, **_options):
        with closing(sqlite3.connect(instance / "latchkey.db", timeout=0)) as database:
            written.append(database.execute("UPDATE oauth_client SET name = name").rowcount)
        return "Wiki"

    monkeypatch.setattr(prompts.click, "prompt", answer)
    assert run(f"client {command} Wiki").exit_code == 0
    assert written == [1]
