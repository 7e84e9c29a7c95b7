"""docs/oauth-security.md: each function and test that it names is there; and the rows that no other file tests."""

import importlib
import re
from pathlib import Path

import pytest

from tests.oauth.app import CALLBACK, registered
from tests.script import Script

ROOT = Path(__file__).resolve().parents[2]
ROW = re.compile(r"^\| [0-9., ]+ \| .+ \| `(\w+)\.(\w+)` \| `(\w+)` \|$", re.MULTILINE)
TABLE = (ROOT / "docs" / "oauth-security.md").read_text()
ROWS = ROW.findall(TABLE)


@pytest.mark.parametrize(("module", "function", "test"), ROWS)
def test_a_row_names_a_function_and_a_test_that_are_there(module, function, test):
    files = [file for package in ("oauth", "login") for file in (ROOT / "webapp" / package).rglob(f"{module}.py")]
    names = [".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files]
    assert any(hasattr(importlib.import_module(name), function) for name in names)
    assert any(f"def {test}(" in file.read_text() for file in Path(__file__).parent.glob("test_*.py"))


def test_the_table_is_read():
    assert len(ROWS) == len(re.findall(r"^\| [0-9]", TABLE, re.MULTILINE)) >= 19


def test_the_metadata_name_only_what_works(app, person):
    said = Script(app).get("/.well-known/openid-configuration").json
    assert said == Script(app).get("/.well-known/oauth-authorization-server").json
    paths = {rule.rule for rule in app.url_map.iter_rules()}
    urls = {value.removeprefix(said["issuer"]) for name, value in said.items() if name.endswith(("_endpoint", "_uri"))}
    assert urls <= paths
    wiki = registered(app)
    for grant_type in said["grant_types_supported"]:
        assert wiki.post("/oauth/token", grant_type=grant_type).json["error"] != "unsupported_grant_type"
    for prompt in said["prompt_values_supported"]:
        assert "invalid_request" not in person.ask("GET", wiki.url(prompt=prompt)).headers.get("Location", "")


def test_redirects_to_apps_are_303(app, person):
    wiki = registered(app, is_first_party=True)
    for changed in ({}, {"scope": "unknown"}):
        answer = person.ask("GET", wiki.url(**changed), headers={"Sec-Fetch-Site": "cross-site"})
        assert (answer.status_code, answer.headers["Location"].startswith(CALLBACK)) == (303, True)


def test_the_consent_page_cannot_be_framed(person, wiki):
    policy = person.open(wiki.url()).headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy


def test_metadata_of_a_url_with_a_path_are_where_clients_look(make_app):
    site = make_app(WEBAPP_BASE_URL="https://example.org/auth/here")
    known = "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"
    said = Script(site).get(known[0]).json
    assert said["issuer"] == "https://example.org/auth/here"
    for path in known:
        for below, status in (("auth/here", 200), ("auth", 404), ("auth/here/", 404), ("auth//here", 404)):
            answer = Script(site).get(f"{path}/{below}")
            assert answer.status_code == status, below
            assert status == 404 or answer.json == said
