"""What an app learns of its user: every header always, and never more than was verified."""

import pytest

from tests import factories
from tests.forward_auth.proxy import proxied
from webapp.accounts.models import User
from webapp.forward_auth.app_settings import RuleSettings
from webapp.forward_auth.identity_headers import NOBODY, header_text
from webapp.testing import user_named

WIKI = "https://wiki.example.org"
NAMES = [name for name, _value in NOBODY]
PREFLIGHT = {"Origin": "https://x.example", "Access-Control-Request-Method": "GET"}


def check(app, proxy, path="/", name="ada", **changes):
    user = user_named(app, name)
    with factories.database_of(app).write() as db:
        for column, value in changes.items():
            setattr(db.get(User, user.id), column, value)
    token = factories.api_token(app, user, "app:wiki").token
    return proxy.check(WIKI + path, headers={"Authorization": f"Bearer {token}"}).headers


def test_all_headers_are_there_once(app, proxy):
    proxied(app)
    headers = check(app, proxy)
    assert [len(headers.getlist(name)) for name in NAMES] == [1] * 5
    assert (headers["Remote-User"], headers["Remote-Email"]) == ("ada", "ada@example.org")
    assert (headers["Remote-Name"], headers["Remote-Groups"]) == ("ada", "user,admin")


ALLOWED_WITHOUT_IDENTITY = {
    "public": (RuleSettings(is_public=True), "GET", {}),
    "preflight": (RuleSettings(allows_preflight=True), "OPTIONS", PREFLIGHT),
}


@pytest.mark.parametrize("case", ALLOWED_WITHOUT_IDENTITY)
def test_all_headers_are_there_and_empty_where_nobody_is_logged_in(app, proxy, case):
    rule, method, headers = ALLOWED_WITHOUT_IDENTITY[case]
    proxied(app, "wiki", rule)
    sent = headers | dict.fromkeys(NAMES, "evil")
    answer = proxy.check(f"{WIKI}/", method, headers=sent)
    assert answer.status_code == 200
    assert [answer.headers.getlist(name) for name in NAMES] == [[""]] * 5


def test_a_public_page_does_not_say_who_is_logged_in(app, proxy):
    proxied(app, "wiki", RuleSettings(path="/public", is_public=True), RuleSettings())
    proxy.log_in(f"{WIKI}/")
    assert proxy.check(f"{WIKI}/").headers["Remote-User"] == "ada"
    assert [proxy.check(f"{WIKI}/public").headers[name] for name in NAMES] == [""] * 5


def test_a_rule_may_keep_the_identity_from_the_app(app, proxy):
    proxied(app, "wiki", RuleSettings(sends_identity=False))
    assert [check(app, proxy)[name] for name in NAMES] == [""] * 5


def test_an_email_address_that_is_not_verified_is_not_sent(app, proxy):
    proxied(app)
    assert check(app, proxy, email_verified_at=None)["Remote-Email"] == ""


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("Ada Lovelace", "Ada Lovelace"),
        ("Zoë Müller", "Zoë Müller"),
        ("藤井 \U0001f511", "藤井 \U0001f511"),
        ("a\r\nRemote-User: root", "aRemote-User: root"),
        ("a\x00b\x7f\tc", "abc"),
        ("", "ada"),
    ],
)
def test_names_are_utf_8_in_one_line(app, proxy, name, sent):
    proxied(app)
    headers = check(app, proxy, display_name=name)
    assert headers["Remote-Name"].encode("latin-1").decode() == sent
    assert headers["Remote-User"] == "ada"


@pytest.mark.parametrize("text", ["\x85", "\u2028", "\xa0", "é\n", "\x1b[0m"])
def test_no_line_ends_within_a_header(text):
    assert not set(header_text(f"a{text}b")) & set("\r\n\x00\x1b\x7f")


def test_a_change_of_the_user_counts_with_the_next_request(app, proxy):
    proxied(app)
    assert check(app, proxy)["Remote-Groups"] == "user,admin"
    assert check(app, proxy, role="user")["Remote-Groups"] == "user"
    assert check(app, proxy, display_name="New")["Remote-Name"] == "New"


def test_a_check_has_a_length_and_so_is_no_stream(app, proxy):
    proxied(app, "wiki", RuleSettings(is_public=True))
    assert proxy.check("https://wiki.example.org/").headers["Content-Length"] == "0"
