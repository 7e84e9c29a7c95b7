"""docs/rules.md: its examples are one file, which runs, and each rule decides as the page says."""

import re
from hashlib import sha256
from pathlib import Path

import pytest

from webapp import testing
from webapp.testing import PASSWORD, api_token, as_nobody, as_user, user_named, with_token

TEXT = (Path(__file__).resolve().parents[1] / "docs" / "rules.md").read_text()
SOURCE = "\n".join(re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL))


@pytest.fixture(scope="module")
def example():
    """What the page's file defines."""
    module = {"__name__": "reports.rules"}
    exec(SOURCE, module)
    return module


@pytest.fixture(scope="module")
def site(example):
    with testing.app(example["bp"]) as site:
        example["OWNERS"].update(mine=user_named(site, "bo").id, other=user_named(site, "eve").id)
        yield site


# Status for: nobody, a user, an admin, a user's token with reports:read, an admin's token with reports:write.
TABLE = {
    ("GET", "/reports/drafts"): (401, 200, 200, 200, 403),
    ("POST", "/reports/drafts"): (200, 200, 200, 403, 403),
    ("DELETE", "/reports/drafts"): (401, 403, 200, 403, 200),
    ("GET", "/reports/export"): (401, 200, 200, 403, 403),
    ("GET", "/reports/summary"): (401, 200, 200, 200, 200),
    ("POST", "/reports/token"): (401, 200, 200, 403, 403),
    ("GET", "/staff"): (401, 403, 200, 403, 403),
    ("GET", "/staff/login"): (200, 403, 403, 403, 403),
    ("GET", "/apply"): (200, 403, 403, 403, 403),
    ("GET", "/reports/archive/2021"): (401, 200, 200, 200, 403),
    ("GET", "/reports/archive/2019"): (401, 403, 200, 403, 403),
    ("GET", "/reports/old"): (401, 403, 200, 403, 403),
    ("GET", "/reports/mine"): (401, 200, 200, 200, 403),
    ("GET", "/reports/other"): (401, 404, 200, 404, 403),
    ("GET", "/reports/none"): (401, 404, 404, 404, 403),
    ("GET", "/reports/mine/comments"): (401, 200, 403, 200, 403),
    ("GET", "/reports/other/comments"): (401, 403, 403, 403, 403),
}


@pytest.mark.parametrize(("method", "path"), TABLE)
def test_each_rule_decides_as_documented(site, method, path):
    callers = (
        as_nobody(site),
        as_user(site, "bo"),
        as_user(site, "ada", role="admin"),
        with_token(site, scopes=["reports:read"], of="bo"),
        with_token(site, scopes=["reports:write"], of="ada"),
    )
    found = tuple(caller.open(path, method=method, headers={"Accept": "*/*"}).status_code for caller in callers)
    assert found == TABLE[method, path]


def test_a_header_of_its_own_stands_for_a_token(site, example):
    token = api_token(site, user_named(site, "bo"), "reports:read")
    example["KEYS"][sha256(b"old key").hexdigest()] = token.entry.id
    for value, status in (("old key", 200), ("another", 401)):
        answer = as_nobody(site).get("/reports/drafts", headers={"Accept": "*/*", "X-Api-Key": value})
        assert answer.status_code == status


def test_its_login_page_logs_in_and_leads_back(site):
    user_named(site, "ada", "admin")
    visitor = as_nobody(site)
    page = visitor.get("/staff", follow_redirects=True)
    assert page.request.path == "/staff/login"
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page.text)) | {"username": "ada", "password": PASSWORD}
    done = visitor.post("/login", data=fields, follow_redirects=True)
    assert (done.request.path, done.text) == ("/staff", "For staff")
