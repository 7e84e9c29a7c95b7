"""@authenticator: API tokens under a header or scheme of an app's own; the guard decides about them as about any."""

from uuid import UUID, uuid4

import pytest
from flask import Blueprint

from webapp import testing
from webapp.credentials.models import Credential
from webapp.credentials.usage_tracker import UsageTracker
from webapp.guard import authenticator, current_claims, current_principal, public, require
from webapp.guard.token_grant import TokenGrant
from webapp.settings import SettingsError
from webapp.testing import HeaderClient, api_token, as_nobody, as_user, database_of, user_named, with_token
from webapp.web.registry import services_of

KEYS: dict[str, UUID | str] = {}
CROSS_SITE = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}


def who():
    return f"{current_principal.username} {dict(current_claims).get('jti', '')}".strip()


def blueprint():
    box = Blueprint("box", __name__)
    authenticator(box, header="X-Api-Key")(by_key)
    authenticator(box, scheme="ApiKey")(by_key)
    authenticator(box, header="X-Client-Certificate", is_ambient=True)(by_key)
    box.add_url_rule("/who", "who", require(scope="box:read")(who), methods=["GET", "POST"])
    box.add_url_rule("/admins", "admins", require(scope="box:read", role="admin")(who))
    box.add_url_rule("/people", "people", require(session=True)(who))
    box.add_url_rule("/open", "open", public(lambda: "open"), methods=["GET", "POST"])
    return box


def by_key(value):
    """A key of
    the former program."""
    return KEYS.get(value)


@pytest.fixture(scope="module")
def site():
    with testing.app(blueprint(), WEBAPP_CORS_ORIGINS="https://app.example.org") as site:
        ada = user_named(site, "ada")
        issued = {name: api_token(site, ada, "box:read") for name in ("good", "text", "revoked")}
        bound = TokenGrant(scopes=frozenset({"box:read"}), jkt="x" * 43)
        KEYS.clear()
        KEYS.update(
            good=issued["good"].entry.id,
            text=issued["text"].token,
            revoked=issued["revoked"].entry.id,
            other=api_token(site, ada, "profile:read").entry.id,
            bound=api_token(site, ada, grant=bound).entry.id,
            limited=api_token(
                site, ada, grant=TokenGrant(scopes=frozenset({"box:read"}), methods=frozenset({"POST"}))
            ).entry.id,
            unknown=uuid4(),
            user=ada.id,
            nonsense="not a token",
            empty="",
        )
        session = as_user(site, "ada")
        with database_of(site).write() as db:
            db.get(Credential, issued["revoked"].entry.id).revoked_at = issued["revoked"].credential.created_at
            KEYS["session"] = db.query(Credential.id).where(Credential.kind == "session").first()[0]
        site.session = session
        yield site


def key(value, sent="X-Api-Key"):
    return {"Accept": "*/*"} | ({"Authorization": f"ApiKey {value}"} if sent == "ApiKey" else {sent: value})


# Status of GET and POST /who, GET /admins and /people, and the code of GET /who.
TABLE = {
    "good": (200, 200, 403, 403, None),
    "text": (200, 200, 403, 403, None),
    "other": (403, 403, 403, 403, "scope_required"),
    "limited": (403, 200, 403, 403, "token_limited"),
    "revoked": (401, 401, 401, 401, "token_revoked"),
    "bound": (401, 401, 401, 401, "token_invalid"),
    "session": (401, 401, 401, 401, "token_invalid"),
    "user": (401, 401, 401, 401, "token_invalid"),
    **dict.fromkeys(("unknown", "nonsense", "empty", "none"), (401, 401, 401, 401, "token_invalid")),
}


@pytest.mark.parametrize("sent", ["X-Api-Key", "ApiKey", "X-Client-Certificate"])
@pytest.mark.parametrize("value", TABLE)
@pytest.mark.parametrize("with_cookie", [False, True], ids=["without a cookie", "beside a session cookie"])
def test_a_value_counts_as_the_token_that_it_stands_for(site, value, sent, with_cookie):
    client = site.session if with_cookie else HeaderClient(site, site.response_class)
    headers = key(value, sent) | {"X-CSRF-Token": ""}
    asked = ("GET", "/who"), ("POST", "/who"), ("GET", "/admins"), ("GET", "/people")
    answers = [client.open(path, method=method, headers=headers) for method, path in asked]
    code = answers[0].json["code"] if answers[0].is_json else None
    assert (*(answer.status_code for answer in answers), code) == TABLE[value]
    assert "nonsense" not in answers[0].text


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        ("Bearer {token}", 200),
        ("Bearer nonsense", 401),
        ("Basic bm90aGluZw==", 401),
        ("Negotiate abc", 401),
        ("", 401),
    ],
)
def test_an_authorization_header_decides_alone(site, authorization, status):
    bo = with_token(site, of="bo", scopes=["box:read"]).sends["Authorization"].removeprefix("Bearer ")
    answer = HeaderClient(site, site.response_class).get(
        "/who", headers=key("good") | {"Authorization": authorization.format(token=bo)}
    )
    assert answer.status_code == status
    if status == 200:
        assert answer.text.startswith("bo ")


def test_only_a_header_that_is_sent_by_itself_is_refused_from_another_site(site):
    visitor = HeaderClient(site, site.response_class)
    found = {
        sent: visitor.post("/who", headers=key("good", sent) | CROSS_SITE).status_code
        for sent in ("X-Api-Key", "ApiKey", "X-Client-Certificate")
    }
    assert found == {"X-Api-Key": 200, "ApiKey": 200, "X-Client-Certificate": 403}


def test_a_public_form_does_not_take_it(site):
    assert as_nobody(site).get("/open", headers=key("none")).text == "open"
    assert as_nobody(site).post("/open", headers=key("good")).json["code"] == "scope_required"


def test_its_uses_count_for_the_token(site):
    HeaderClient(site, site.response_class).get("/who", headers=key("good"))
    services_of(site).get(UsageTracker).flush()
    assert site.session.get(f"/tokens/{KEYS['good']}", headers={"Accept": "application/json"}).json["last_used_at"]


def test_it_is_a_security_scheme_and_may_be_sent_by_pages_of_named_origins(site):
    document = as_nobody(site).get("/openapi.json").json
    schemes = document["components"]["securitySchemes"]
    described = {"description": "A key of the former program."}
    assert schemes["X-Api-Key"] == {"type": "apiKey", "in": "header", "name": "X-Api-Key"} | described
    assert schemes["ApiKey"] == {"type": "http", "scheme": "apikey"} | described
    assert {"X-Api-Key": ["box:read"]} in document["paths"]["/who"]["get"]["security"]
    asked = {"Origin": "https://app.example.org", "Access-Control-Request-Method": "GET"}
    answer = as_nobody(site).options("/who", headers=asked)
    assert "X-Api-Key" in answer.headers["Access-Control-Allow-Headers"].split(", ")
    assert as_nobody(site).get("/docs").status_code == 200


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"header": "X-Api-Key", "scheme": "ApiKey"},
        *({"header": name} for name in ("Authorization", "Cookie", "Sec-Fetch-Site", "X-Forwarded-User", "X Key", "")),
        *({"scheme": name} for name in ("Bearer", "basic", "DPoP", "a b")),
    ],
)
def test_a_name_that_is_taken_is_refused(options):
    with pytest.raises(ValueError, match="authenticator"):
        authenticator(Blueprint("box", __name__), **options)


def test_two_functions_for_one_header_stop_the_start():
    one, two = Blueprint("one", __name__), Blueprint("two", __name__)
    for box in (one, two):
        authenticator(box, header="X-Api-Key")(by_key)
    with pytest.raises(SettingsError, match="has an authenticator already"), testing.app(one, two):
        """Never reached."""
