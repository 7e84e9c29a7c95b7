"""How an app proves at the token endpoint which it is (RFC 6749 §2.3)."""

from base64 import b64encode
from urllib.parse import quote

from tests import factories
from tests.oauth.app import registered
from tests.script import Script
from webapp.core.clock import now
from webapp.oauth import clients


class TestClientAuthentication:
    """RFC 6749 §2.3."""

    def ask(self, site, header=None, **form):
        headers = {"Authorization": header} if header else {}
        return Script(site).post("/oauth/token", headers=headers, data={"grant_type": "refresh_token"} | form)

    def basic(self, name, password):
        return "Basic " + b64encode(f"{name}:{password}".encode()).decode()

    def test_in_the_header_or_in_the_body(self, app, wiki):
        secret = quote(wiki.secret or "", safe="")
        for header, form in (
            (self.basic(wiki.client_id, secret), {}),
            (self.basic(wiki.client_id, wiki.secret), {"client_id": wiki.client_id}),
            (None, {"client_id": wiki.client_id, "client_secret": wiki.secret}),
        ):
            assert self.ask(app, header, **form).json["error"] == "invalid_grant", "the client itself is accepted"

    def test_it_is_refused(self, app, wiki):
        other = registered(app, "Other")
        for header, form in (
            (None, {}),
            (None, {"client_id": wiki.client_id}),
            (None, {"client_id": wiki.client_id, "client_secret": ""}),
            (None, {"client_id": wiki.client_id, "client_secret": "wrong"}),
            (None, {"client_id": wiki.client_id, "client_secret": other.secret}),
            (None, {"client_id": "x", "client_secret": wiki.secret}),
            (self.basic(wiki.client_id, "wrong"), {}),
            (self.basic(wiki.client_id, ""), {}),
            (self.basic("", wiki.secret), {}),
            ("Basic ???", {}),
            ("Basic", {}),
            ("Bearer x", {"client_id": wiki.client_id, "client_secret": wiki.secret}),
        ):
            answer = self.ask(app, header, **form)
            assert (answer.status_code, answer.json["error"]) == (401, "invalid_client"), (header, form)
            assert answer.headers["WWW-Authenticate"].startswith("Basic realm=")

    def test_two_ways_at_once_are_refused(self, app, wiki):
        right = self.basic(wiki.client_id, wiki.secret)
        for form in ({"client_secret": wiki.secret}, {"client_id": "another"}):
            answer = self.ask(app, right, **form)
            assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")

    def test_two_secrets_work_and_a_third_ends_the_first(self, app, wiki):
        secrets = [wiki.secret]
        for _ in range(2):
            with factories.database_of(app).write() as db:
                secrets.append(clients.add_secret(db, clients.by_name_or_id(db, wiki.client_id)))
        errors = [self.ask(app, client_id=wiki.client_id, client_secret=s).json["error"] for s in secrets]
        assert errors == ["invalid_client", "invalid_grant", "invalid_grant"]

    def test_a_public_app_sends_no_secret(self, app, person):
        phone = registered(app, "Phone", is_public=True)
        assert phone.secret is None
        assert "access_token" in phone.redeem(phone.allowed_by(person)["code"]).json
        answer = phone.redeem(phone.authorize(person)["code"], client_secret="x")
        assert answer.json["error"] == "invalid_client"

    def test_a_disabled_app_is_unknown(self, app, person, wiki):
        tokens = wiki.log_in(person)
        with factories.database_of(app).write() as db:
            clients.by_name_or_id(db, wiki.client_id).disabled_at = now()
        assert wiki.refresh(tokens["refresh_token"]).json["error"] == "invalid_client"
        assert person.ask("GET", wiki.url()).status_code == 400

    def test_guessing_is_limited_for_each_network(self, make_app):
        site = make_app(WEBAPP_LOGIN_TRIES_PER_NETWORK="3")
        wiki = registered(site)
        for _ in range(3):
            assert self.ask(site, client_id=wiki.client_id, client_secret="wrong").status_code == 401
        answer = self.ask(site, client_id=wiki.client_id, client_secret=wiki.secret)
        assert answer.status_code == 429
        assert int(answer.headers["Retry-After"]) > 0
