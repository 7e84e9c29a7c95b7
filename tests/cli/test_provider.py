"""provider: add identity providers, list them, change and remove them."""

import json

import pytest

TENANT = "8eaef023-2b34-4da1-9baa-8bc8c9d6a490"
ACME = "provider add acme --issuer https://id.acme.example --client-id latchkey --secret-stdin --name"


def facts(run):
    return {one["slug"]: one for one in json.loads(run("provider list --json").stdout)}


def test_a_provider_is_added_listed_edited_and_removed(run):
    done = run(ACME, "Acme", typed="s3cret\n")
    assert done.exit_code == 0, done.output
    assert done.stdout == "slug=acme\nredirect_uri=http://localhost:8000/login/with/acme/callback\n"
    found = facts(run)["acme"]
    assert (found["name"], found["issuer"], found["has_secret"]) == ("Acme", "https://id.acme.example", True)
    assert (found["state"], found["account_policy"], found["users"]) == ("enabled", "closed", 0)
    options = "--accounts domains --account-domain acme.example --email-domain acme.example --grantable-role admin"
    done = run(f"provider edit acme {options} --role-rule groups=staff:admin --trusted-amr mfa --logout")
    assert done.exit_code == 0, done.output
    found = facts(run)["acme"]
    assert found["role_rules"] == [{"claim": "groups", "value": "staff", "role": "admin"}]
    assert (found["account_policy"], found["email_domains"]) == ("domains", ["acme.example"])
    assert (found["trusted_amr"], found["logs_out"], found["has_secret"]) == (["mfa"], True, True)
    claims = {"sub": "1", "groups": ["staff"], "email": "x@acme.example", "email_verified": True}
    done = run("provider test-claims acme", typed=json.dumps(claims))
    assert "could create one" in done.stdout
    assert "Role: admin, by a rule." in done.stdout
    assert json.loads(run("provider test-claims acme --json", typed='{"sub": "1"}').stdout)["account"] == "invited"
    assert "acme" in run("provider list").stdout
    assert "redirect_uri=" in run("provider show acme").stdout
    assert run("provider disable acme", typed="no\n").exit_code == 1
    assert run("provider disable acme", typed="acme\n").exit_code == 0
    assert facts(run)["acme"]["state"] == "disabled"
    assert run("provider enable acme").exit_code == 0
    assert run("provider edit acme", "--role-rule", "").exit_code == 0
    assert facts(run)["acme"]["role_rules"] == []
    assert run("provider remove acme --yes").exit_code == 0
    assert facts(run) == {}


@pytest.mark.parametrize(
    ("command", "issuer"),
    [
        ("--preset google", "https://accounts.google.com"),
        (f"--preset microsoft --issuer {TENANT}", f"https://login.microsoftonline.com/{TENANT}/v2.0"),
        ("--preset github", "https://github.com"),
    ],
)
def test_a_preset_needs_little(run, command, issuer):
    done = run(f"provider add {command} --client-id c-1 --secret-stdin", typed="s3cret")
    assert done.exit_code == 0, done.output
    (found,) = facts(run).values()
    assert (found["issuer"], found["slug"]) == (issuer, command.split()[1])


REFUSED = [
    ("provider add --preset google --secret-stdin", "Enter the client ID"),
    ("provider add --preset google --client-id c", "Use --secret-stdin or --public"),
    ("provider add --preset microsoft --client-id c --issuer common --public", "ID of one tenant"),
    ("provider add --preset keycloak --client-id c --public", "URL of the realm: enter it"),
    ("provider add --preset nothing --client-id c --public", "is not one of"),
    ("provider add x --issuer ftp://x --client-id c --public", "complete URL"),
    ("provider add x --issuer http://x.example --client-id c --public", "WEBAPP_PRIVATE_HOSTS=x.example"),
    ("provider edit acme --issuer https://10.1.2.3", "WEBAPP_PRIVATE_HOSTS=10.1.2.3"),
    ("provider add x --issuer https://x.example --client-id c --public --role-rule groups", "no rule like"),
    ("provider edit acme", "Nothing to change"),
    ("provider edit nobody --position 1", "no provider nobody"),
    ("provider edit acme --grantable-role pope", "no role called pope"),
    ("provider remove nobody --yes", "no provider nobody"),
    ("provider test-claims acme", "Enter a JSON object"),
]


@pytest.mark.parametrize(("command", "words"), REFUSED)
def test_what_does_not_fit_is_one_sentence_and_changes_nothing(run, command, words):
    run(ACME, "Acme", typed="s3cret\n")
    before = facts(run)
    done = run(command, typed="x")
    assert done.exit_code != 0
    assert words in done.output
    assert "Traceback" not in done.output
    assert facts(run) == before


def test_no_command_takes_a_secret_as_an_argument_or_prints_one(run):
    for command in ("add", "edit"):
        text = run(f"provider {command} --help").stdout
        assert "--secret-stdin" in text
        assert "--secret " not in text or "--secret  " in text
    run(ACME, "Acme", typed="s3cret\n")
    assert "s3cret" not in run("provider list --json").output + run("provider show acme --json").output
