"""Which redirect URIs can be registered, and which of a request are the same."""

import pytest

from webapp.oauth.redirect_uris import InvalidRedirectUri, checked, is_registered


@pytest.mark.parametrize(
    "uri",
    [
        "https://app.example.org/callback",
        "https://app.example.org:8443/cb?tenant=1",
        "http://127.0.0.1/cb",
        "http://127.0.0.1:7777/cb",
        "http://[::1]:7777/cb",
        "http://localhost:3000/cb",
        "http://wiki.localhost:3000/cb",
        "org.example.app:/callback",
        "com.example.app://callback",
    ],
)
def test_it_can_be_registered(uri):
    assert checked(f" {uri} ") == uri


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "/callback",
        "app.example.org/callback",
        "http://app.example.org/callback",
        "http://127.0.0.1.example.org/cb",
        "http://localhost.example.org/cb",
        "https://app.example.org/cb#fragment",
        "https://app.example.org/cb#",
        "https://user@app.example.org/cb",
        "https://user:password@app.example.org/cb",
        "https://*.example.org/cb",
        "https:///cb",
        "https://app.example.org:port/cb",
        "https://app.example.org\\@evil.example/cb",
        "https://app.example.org/c b",
        "https://app.example.org/\u00e4",
        "https://app.example.org/\n",
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "myapp:/callback",
        "https://app.example.org/" + "x" * 500,
    ],
)
def test_it_cannot_be_registered(uri):
    if uri.endswith("\n"):
        uri += "x"
    with pytest.raises(InvalidRedirectUri):
        checked(uri)


REGISTERED = [
    "https://app.example.org/cb",
    "http://wiki.localhost:3000/cb",
    "http://127.0.0.1/cb",
    "http://[::1]:9/cb",
    "org.example.app:/cb",
]


@pytest.mark.parametrize(
    ("uri", "is_same"),
    [
        ("https://app.example.org/cb", True),
        ("https://app.example.org/cb/", False),
        ("https://app.example.org/cb?x=1", False),
        ("https://APP.example.org/cb", False),
        ("https://app.example.org:443/cb", False),
        ("http://app.example.org/cb", False),
        ("https://app.example.org/cb/../cb", False),
        ("http://127.0.0.1:1234/cb", True),
        ("http://127.0.0.1/cb", True),
        ("http://127.0.0.1:1234/other", False),
        ("http://127.0.0.1:1234/cb?x=1", False),
        ("http://[::1]:1234/cb", True),
        ("http://localhost:1234/cb", False),
        ("http://wiki.localhost:3000/cb", True),
        ("http://wiki.localhost:3001/cb", False),
        ("http://user@127.0.0.1:1234/cb", False),
        ("http://127.0.0.1:99999/cb", False),
        ("https://127.0.0.1:1234/cb", False),
        ("org.example.app:/cb", True),
        ("org.example.app:/cb2", False),
        ("org.example.app:/cb#x", False),
        ("", False),
    ],
)
def test_it_is_compared_as_a_string_but_for_a_loopback_port(uri, is_same):
    assert is_registered(uri, REGISTERED) is is_same
