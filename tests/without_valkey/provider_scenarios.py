"""Logins with an identity provider."""

from tests.federation.logout_tokens import logout_token
from tests.federation.upstream import Upstream, linked, log_in, provided
from tests.without_valkey.scenarios import counts
from tests.without_valkey.site import Site

AT = "/login/with/acme"
START, CALLBACK = "GET /login/with/<slug>", "GET /login/with/<slug>/callback"


def provider_of(site: Site) -> Upstream:
    made = Upstream()
    provided(site.app, made)
    return made


@counts(START, CALLBACK, limits="provider-login spent-provider-login")
def a_login_at_a_provider_opens_a_session_and_its_answer_works_once(site: Site) -> None:
    upstream, person = provider_of(site), site.anybody()
    linked(site.app, site.ada)
    assert log_in(person, upstream).headers["Location"] == "/dashboard"


@counts(START, CALLBACK, "POST /login/with/<slug>/account", limits="provider-login spent-provider-login mail-request")
def a_login_at_a_provider_makes_an_account(site: Site) -> None:
    upstream, person = provider_of(site), site.anybody()
    log_in(person, upstream)
    person.open(f"{AT}/account")
    assert person.press("Create account").request.path == "/dashboard"


@counts("GET /account/identities/link/<slug>", CALLBACK, limits="provider-login-user spent-provider-login")
def a_user_links_an_identity(site: Site) -> None:
    upstream, person = provider_of(site), site.logged_in()
    assert log_in(person, upstream, "/account/identities/link/acme").status_code == 303


@counts("GET /login/with/<slug>/confirm", CALLBACK, limits="provider-login-user spent-provider-login")
def a_provider_confirms(site: Site) -> None:
    upstream, person = provider_of(site), site.logged_in()
    linked(site.app, site.ada)
    assert log_in(person, upstream, f"{AT}/confirm").status_code == 303


@counts("POST /login/with/<slug>/backchannel-logout", limits="spent-logout-token token-network")
def a_provider_ends_sessions(site: Site) -> None:
    upstream = provider_of(site)

    def sent(token: str) -> int:
        return site.app.test_client().post(f"{AT}/backchannel-logout", data={"logout_token": token}).status_code

    token = logout_token(upstream, sub="u-1")
    assert [sent(token), sent(token), sent("x")] == [200, 400, 400]
