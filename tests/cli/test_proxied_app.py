"""proxied-app: put apps behind the login, change their rules, test them, export them."""

import json
import tomllib

import pytest

from webapp.cli import granian_server, server_process


@pytest.fixture
def wiki(run):
    assert run("user add ada --email ada@example.org --role admin --password-stdin", typed="a-very-good-Passphrase-77")
    done = run("proxied-app add Wiki --host https://wiki.example.org")
    assert (done.exit_code, done.stdout) == (0, "slug=wiki\n"), done.output


def facts(run):
    return json.loads(run("proxied-app show wiki --json").stdout)


def wheres(run):
    return [rule["where"] for rule in facts(run)["rules"]]


def test_an_app_is_added_listed_changed_disabled_and_removed(run, wiki):
    assert "wiki.example.org" in run("proxied-app list").stdout
    assert json.loads(run("proxied-app list --json").stdout) == [facts(run)]
    done = run(
        "proxied-app edit wiki --host wiki.example.org --host w.example.org --role admin --person ada --owner ada"
    )
    assert done.exit_code == 0, done.output
    found = facts(run)
    assert (found["hosts"], found["roles"]) == (["wiki.example.org", "w.example.org"], ["admin"])
    assert (found["people"], found["owner"]) == (["ada"], "ada")
    assert "Users who may open the app." in run("proxied-app show wiki").stdout
    assert run("proxied-app edit wiki", "--role", "", "--owner", "").exit_code == 0
    assert (facts(run)["roles"], facts(run)["owner"]) == ([], None)
    assert run("proxied-app disable wiki", typed="no\n").exit_code == 1
    assert run("proxied-app disable wiki", typed="wiki\n").exit_code == 0
    assert facts(run)["state"] == "disabled"
    assert run("proxied-app enable wiki").exit_code == 0
    assert run("proxied-app remove wiki --yes").exit_code == 0
    assert run("proxied-app list --json").stdout == "[]\n"


def test_rules_are_added_changed_moved_and_removed(run, wiki):
    done = run("proxied-app rule add wiki /admin/* --role admin --level aal2 --no-tokens --network 192.0.2.0/24")
    assert done.exit_code == 0, done.output
    assert run("proxied-app rule add wiki /open/* --public --method GET --number 2").exit_code == 0
    assert wheres(run) == ["/admin/*", "GET /open/*", "/*"]
    assert run("proxied-app rule edit wiki 1 --level phr --tokens").exit_code == 0
    rule = facts(run)["rules"][0]
    assert (rule["level"], rule["accepts_tokens"], rule["networks"]) == ("phr", True, ["192.0.2.0/24"])
    assert run("proxied-app rule edit wiki 1", "--network", "").exit_code == 0
    assert facts(run)["rules"][0]["networks"] == []
    assert run("proxied-app rule move wiki 3 1").exit_code == 0
    assert wheres(run) == ["/*", "/admin/*", "GET /open/*"]
    assert run("proxied-app rule remove wiki 1").exit_code == 0
    assert wheres(run) == ["/admin/*", "GET /open/*"]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("proxied-app show x", "There is no app x."),
        ("proxied-app export x", "There is no app x."),
        ("proxied-app add Other", "An app has 1 to 20 hosts."),
        ("proxied-app add Wiki --slug wiki --host x.example.org", "already"),
        ("proxied-app add Other --host wiki.example.org", "Another app has the host"),
        ("proxied-app edit wiki", "Nothing to change."),
        ("proxied-app edit wiki --person eve", "There are no users with these names: eve."),
        ("proxied-app edit wiki --role boss", "There is no role called boss."),
        ("proxied-app rule edit wiki 1", "Nothing to change."),
        ("proxied-app rule edit wiki 2 --public", "There is no rule 2. The app has 1."),
        ("proxied-app rule remove wiki 2", "There is no rule 2."),
        ("proxied-app rule remove wiki 1", "An app has 1 to 50 rules."),
        ("proxied-app rule add wiki x", "Rule 1: The path is a pattern"),
        ("proxied-app test wiki / --person eve", "There is no user named eve."),
        ("proxied-app test wiki https://x.example.org/", "The URL belongs to another app."),
    ],
)
def test_what_does_not_fit_is_one_sentence(run, wiki, command, words):
    before = run("proxied-app export").stdout
    done = run(command)
    assert (done.exit_code, words in done.stderr) == (1, True), done.output
    assert run("proxied-app export").stdout == before


def test_the_exit_code_of_a_test_is_its_outcome(run, wiki):
    run("proxied-app rule add wiki /admin/* --level aal2")
    done = run("proxied-app test wiki /page --person ada")
    assert (done.exit_code, done.stdout) == (0, "Allowed by rule 2. /*\n")
    done = run("proxied-app test wiki https://wiki.example.org/admin/x --person ada")
    assert done.exit_code == 1
    assert done.stdout.startswith("Refused. Rule 1, or a setting, needs a login with a second factor.")
    assert run("proxied-app test wiki /admin/x --person ada --level phr").exit_code == 0
    assert run("proxied-app test wiki /page").exit_code == 1
    token_id = json.loads(run("token list ada --json").stdout or "[]")
    assert token_id == []
    found = json.loads(run("proxied-app test wiki //x --json").stdout)
    assert (found["allowed"], found["outcome"], found["reason"]) == (
        False,
        "no_rule",
        "the path has more than one reading",
    )


def test_a_wrong_file_stops_the_start_with_one_sentence_before_a_worker_is_started(run, instance, monkeypatch):
    started = []
    monkeypatch.setattr(server_process, "replace_this_process", lambda *_, **__: started.append(1))
    monkeypatch.setattr(granian_server, "refuse_taken", lambda *_, **__: None)
    instance.mkdir(exist_ok=True)
    (instance / "apps.toml").write_text('[[app]]\nslug = "wiki"\nhosts = ["wiki.example.org"]\ncolour = 1\n')
    done = run("serve")
    assert (done.exit_code, started) == (2, [])
    assert "apps.toml: wiki has an unknown name: colour." in done.stderr
    assert "Traceback" not in done.stderr


def test_the_export_declares_the_same(run, wiki, tmp_path):
    run("proxied-app rule add wiki /open/* --public")
    text = run("proxied-app export").stdout
    assert [rule["path"] for rule in tomllib.loads(text)["app"][0]["rule"]] == ["/open/*", "/*"]
    assert run("proxied-app export wiki").stdout == text
