"""The printed configurations; what they do is shown behind real proxies."""

from dataclasses import replace

import pytest
import yaml

from webapp.forward_auth.app_settings import AppSettings, RuleSettings
from webapp.forward_auth.proxy_configs import FILES, InvalidHostPort, Proxy, ProxySetup, config_of, setup_of

SETUP = ProxySetup(
    slug="my-wiki",
    hosts=["wiki.example.org", "wiki.example.net:8443"],
    passes_authorization=False,
    base_url="https://login.example.org",
    site="127.0.0.1:8000",
    upstream="10.0.0.2:9001",
)


def test_nginx_serves_each_host_at_its_port():
    printed = config_of(SETUP, "nginx")
    assert "listen 443 ssl;\n    server_name wiki.example.org;" in printed
    assert "listen 8443 ssl;\n    server_name wiki.example.net;" in printed
    assert printed.count("proxy_set_header X-Forwarded-Host wiki.example.net:8443;") == 3
    assert "upstream latchkey_my_wiki {" in printed
    assert "__Host-latchkey-app" in printed


def test_a_site_without_tls_has_apps_without_tls():
    printed = config_of(replace(SETUP, base_url="http://localhost:8000", hosts=["wiki.localhost"]), "nginx")
    assert "listen 80;" in printed
    assert "ssl" not in printed
    assert "__Host-" not in printed


def test_caddy_serves_each_host():
    printed = config_of(SETUP, "caddy")
    assert "https://wiki.example.org {" in printed
    assert "https://wiki.example.net:8443 {" in printed
    assert printed.count("reverse_proxy 10.0.0.2:9001 {") == 2


def test_traefik_gets_yaml_that_names_each_header():
    read = yaml.safe_load(config_of(SETUP, "traefik"))["http"]
    check = read["middlewares"]["my-wiki-check"]["forwardAuth"]
    assert check["address"] == "http://127.0.0.1:8000/forward-auth?follows"
    assert check["authResponseHeaders"] == [
        "Remote-User",
        "Remote-Email",
        "Remote-Name",
        "Remote-Groups",
        "X-Latchkey-Assertion",
    ]
    assert read["routers"]["my-wiki"]["rule"] == "Host(`wiki.example.org`) || Host(`wiki.example.net`)"
    assert read["services"]["my-wiki"]["loadBalancer"]["servers"] == [{"url": "http://10.0.0.2:9001"}]


@pytest.mark.parametrize("proxy", FILES)
@pytest.mark.parametrize("authorization", ["bearer", "basic", "app"])
def test_authorization_is_removed_unless_it_is_the_apps_own(proxy: Proxy, authorization: str) -> None:
    app = AppSettings(name="Wiki", hosts=["wiki.example.org"], rules=[RuleSettings(authorization=authorization)])
    printed = config_of(setup_of("wiki", app, base_url=SETUP.base_url, site="a:1", upstream="b:2"), proxy)
    removed = {"nginx": 'Authorization "";', "caddy": "-Authorization", "traefik": 'Authorization: ""'}[proxy]
    assert (removed in printed) == (authorization != "app")


@pytest.mark.parametrize(
    "upstream", ["", "127.0.0.1", "a:1; include /etc/passwd", "a b:1", "http://a:1", "a:1\n}", "::1:80"]
)
def test_an_address_that_is_none_is_refused(upstream: str) -> None:
    with pytest.raises(InvalidHostPort):
        replace(SETUP, upstream=upstream)
    with pytest.raises(InvalidHostPort):
        replace(SETUP, site=upstream)


@pytest.mark.parametrize("proxy", FILES)
def test_addresses_of_ipv6_are_accepted(proxy: Proxy) -> None:
    assert "[::1]:3000" in config_of(replace(SETUP, upstream="[::1]:3000"), proxy)
