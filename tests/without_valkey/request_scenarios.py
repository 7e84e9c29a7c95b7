"""Requests that are counted each: of limited tokens, refused ones, and those that an app records."""

from tests import factories
from tests.dpop_client import bound_token, call, claims_for, proof
from tests.forward_auth.proxy import Proxied, proxied
from tests.guard.example_routes import add
from tests.script import Script
from tests.without_valkey.scenarios import counts
from tests.without_valkey.site import Site
from webapp.audit.sentences.declared import DECLARED
from webapp.guard import declare_event, public, record_event
from webapp.guard.token_grant import TokenGrant

REFUSALS = "refusal-noted refusal-noted-of-network refusal-noted-apart refusal-noted-networks"


@counts("any of a token with a limit", limits=f"token {REFUSALS}")
def a_limited_token_is_limited_exactly(site: Site) -> None:
    grant = TokenGrant(scopes=frozenset({"protected:read"}), per_minute=3)
    token = factories.api_token(site.app, site.ada, grant=grant).token
    answers = [Script(site.app, token).get("/protected") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert answers[4].headers["Retry-After"]


@counts("any with a DPoP proof", limits=f"spent-proof {REFUSALS}")
def a_proof_works_once(site: Site) -> None:
    token = bound_token(site.app, site.ada)
    shown = proof(claims_for(token=token, htu=f"{site.app.config['BASE_URL']}/protected"))
    assert [call(site.app, token, shown).status_code for _ in range(2)] == [200, 401]


@counts("GET /forward-auth", limits=f"token {REFUSALS}")
def a_limited_token_is_limited_in_front_of_an_app(site: Site) -> None:
    proxied(site.app, "wiki")
    grant = TokenGrant(scopes=frozenset({"app:wiki"}), per_minute=2)
    token = factories.api_token(site.app, site.ada, grant=grant).token
    proxy, headers = Proxied(site.app), {"Authorization": f"Bearer {token}"}
    statuses = [proxy.check("https://wiki.example.org/", headers=headers).status_code for _ in range(3)]
    assert statuses == [200, 200, 403]


@counts("any that is refused to a known caller", limits=REFUSALS)
def a_refusal_is_recorded_once_a_minute(site: Site) -> None:
    script = Script(site.app, factories.api_token(site.app, site.ada).token)
    assert [script.get("/protected/admin").status_code for _ in range(3)] == [403] * 3


@counts("GET of an app that records an event, without a login", limits="event-noted")
def an_event_of_an_app_is_recorded(site: Site) -> None:
    declare_event("report.opened", you={"en": "You"}, they={"en": "%(user)s"})

    def view() -> str:
        record_event("report.opened")
        return "opened"

    try:
        add(site.app, "/report", public(view))
        assert Script(site.app).get("/report").status_code == 200
    finally:
        DECLARED.clear()


@counts("POST /account/app-access/<slug>/ask", limits="app-access")
def access_to_an_app_is_asked_for(site: Site) -> None:
    owner, person = factories.user(site.app, "cid"), site.logged_in()
    proxied(site.app, "wiki", roles=["admin"], owner_id=owner.id)
    person.open("/account/app-access")
    sent = {"csrf_token": person.csrf_token, "reason": "I write the minutes"}
    assert person.ask("POST", "/account/app-access/wiki/ask", data=sent).status_code == 303
