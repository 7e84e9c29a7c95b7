"""token: minting, listing, revoking."""

import json
import re
import sqlite3
from contextlib import closing
from uuid import uuid4

import pytest

from tests.login.scripts import log_in, refresh, works


def test_token_mint_prints_only_the_token(add, mint):
    add("ada")
    token, _ = mint("ada")
    assert token.startswith("eyJ")
    assert token.count(".") == 2


def test_a_token_is_listed_by_its_id_without_its_secret(run, add, mint):
    add("ada")
    token, token_id = mint("ada")
    (listed,) = json.loads(run("token list ada --json").stdout)
    assert (listed["id"], listed["username"], listed["scopes"]) == (token_id, "ada", ["protected:read"])
    assert token not in run("token list").stdout + run("token list --json").stdout


def test_the_list_has_tokens_of_all_users_by_default(run, add, mint):
    for name in ("ada", "bob"):
        add(name)
        mint(name)
    assert [token["username"] for token in json.loads(run("token list --json").stdout)] == ["ada", "bob"]
    assert [token["username"] for token in json.loads(run("token list bob --json").stdout)] == ["bob"]


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        pytest.param(
            "--name laptop --scope nothing:read", 2, "There is no scope nothing:read. Scopes: ", id="an unknown scope"
        ),
        pytest.param(
            "--name laptop --scope admin:read",
            1,
            "ada may not give the scope admin:read: it needs another role.",
            id="a scope of another role",
        ),
        pytest.param("--name x --scope protected:read", 2, "3 to 50 printable characters", id="a name too short"),
        pytest.param("--name laptop --scope protected:read --expires 366d", 2, "at most 365d", id="too long a life"),
        pytest.param("--name laptop --scope protected:read --expires 0s", 2, "more than zero", id="no life at all"),
        pytest.param("--name laptop --scope protected:read --expires soon", 2, "such as 90s", id="no duration"),
        pytest.param("--name laptop", 2, "--scope", id="no scope"),
        pytest.param("--name laptop --scope protected:read --network 10/8", 2, "is not a network", id="no network"),
        pytest.param("--name laptop --scope protected:read --method BREW", 2, "BREW", id="no method"),
        pytest.param("--name laptop --scope protected:read --resource /x", 2, "allows /x", id="no address"),
        pytest.param(
            "--name laptop --scope self:rotate --method GET --resource /protected/user --scope protected:read",
            2,
            "needs --method POST and --resource /tokens/self/rotate",
            id="no rotation by itself",
        ),
        pytest.param("--name laptop --scope protected:read --per-minute 0", 2, "per-minute", id="no rate"),
        pytest.param("--name laptop --scope protected:read --expires never", 1, "Tokens must expire", id="no end"),
    ],
)
def test_an_impossible_token_is_an_error_message(run, add, options, code, words):
    add("ada")
    done = run(f"token mint ada {options}")
    assert (done.exit_code, done.stdout) == (code, "")
    assert words in done.stderr


def test_a_token_with_self_rotation_needs_restrictions_that_allow_it(run, add):
    add("ada")
    limits = "--method POST --method GET --resource /protected --resource /tokens/self/rotate"
    assert run(f"token mint ada --name job --scope self:rotate --scope protected:read {limits}").exit_code == 0


def test_a_second_token_of_that_name_is_refused(run, add, mint):
    add("ada")
    mint("ada")
    done = run("token mint ada --name laptop --scope protected:read")
    assert (done.exit_code, done.stderr) == (1, "ada already has a token named laptop.\n")


def test_a_disabled_user_gets_no_token(run, add):
    add("ada")
    run("user disable ada")
    assert run("token mint ada --name laptop --scope protected:read").exit_code == 1


def test_revoking_accepts_both_forms_of_the_id_and_is_idempotent(run, add, mint):
    add("ada")
    _, token_id = mint("ada")
    assert run(f"token revoke {token_id}").stderr == "Revoked.\n"
    again = run(f"token revoke {token_id.replace('-', '')}")
    assert (again.exit_code, again.stderr) == (0, "It was already revoked.\n")


def test_a_revoked_token_is_listed_only_with_all(run, add, mint):
    add("ada")
    _, token_id = mint("ada")
    run(f"token revoke {token_id}")
    assert run("token list").stdout == ""
    assert token_id in run("token list --all").stdout


def test_an_unknown_id_is_not_found(run):
    assert run(f"token revoke {uuid4()}").exit_code == 1


def test_an_invalid_id_is_wrong_usage(run):
    assert run("token revoke laptop").exit_code == 2


def test_a_script_login_is_one_entry_and_ended_as_one(app, run, user, instance):
    def run_here(command):
        return run(command, WEBAPP_INSTANCE=str(instance))

    answer = log_in(app)
    token = refresh(app, answer["refresh_token"]).json["refresh_token"]
    (listed,) = json.loads(run_here("token list ada --json").stdout)
    assert listed["name"] == "login of curl/8.5.0"
    assert "login of curl" in run_here("token list").stdout
    assert run_here(f"token revoke {listed['id']}").stderr == "Revoked.\n"
    assert refresh(app, token).status_code == 401
    assert not works(app, answer["access_token"])
    assert json.loads(run_here("token list ada --json").stdout) == []
    assert run_here(f"token revoke {listed['id']}").stderr == "It was already revoked.\n"


def test_a_token_is_created_with_its_limits(run, add, instance):
    add("ada")
    options = "--resource /protected --method GET --network 10.0.0.0/8 --network ::ffff:192.0.2.1 --per-minute 60"
    done = run(f"token mint ada --name wall --scope protected:read {options}")
    assert done.exit_code == 0, done.stderr
    with closing(sqlite3.connect(instance / "latchkey.db")) as database:
        (kept,) = database.execute("SELECT authority FROM credential WHERE kind = 'token'").fetchone()
    assert json.loads(kept) == {
        "scopes": ["protected:read"], "resources": ["/protected"], "methods": ["GET"],
        "networks": ["10.0.0.0/8", "192.0.2.1/32"], "per_minute": 60,
    }  # fmt: skip


def test_a_token_without_expiry_needs_the_setting_and_a_reason(run, add):
    add("ada")
    mint = "token mint ada --name wall --scope protected:read --expires never"
    allowed = {"WEBAPP_TOKEN_NEVER_EXPIRES": "true"}
    assert "--reason" in run(mint, **allowed).stderr
    done = run(f"{mint} --reason unreachable-sensor", **allowed)
    assert (done.exit_code, done.stderr.endswith("never expires.\n")) == (0, True)
    assert " never " in run("token list ada", **allowed).stdout


def test_a_rotated_token_refers_to_its_successor_and_back(run, add, mint):
    add("ada")
    _, token_id = mint("ada")
    rotated = run(f"token rotate {token_id} --overlap 1h")
    (new,) = json.loads(run("token list ada --json").stdout)[:1]
    assert rotated.stdout.startswith("eyJ")
    assert json.loads(run(f"token show {token_id} --json").stdout)["successor"]["id"] == new["id"]
    assert token_id in run(f"token show {new['id']}").stdout


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param(f"rotate {uuid4()}", "There is no token", id="an unknown one is not rotated"),
        pytest.param(f"show {uuid4()}", "There is no token", id="an unknown one is not shown"),
    ],
)
def test_impossible_actions_on_a_token_are_error_messages(run, add, options, words):
    add("ada")
    refused = run(f"token {options}")
    assert (refused.exit_code, words in refused.stderr) == (1, True)


def test_the_pattern_of_the_site_matches_its_tokens_alone(run, add, mint):
    add("ada")
    token, _ = mint("ada")
    assert re.fullmatch(run("token pattern").stdout.strip(), token)
    assert re.fullmatch(run("token pattern --any-site").stdout.strip(), token)
    assert not re.fullmatch(run("token pattern --issuer https://former.example.org").stdout.strip(), token)
    assert run("token pattern --any-site --issuer https://former.example.org").exit_code == 2
