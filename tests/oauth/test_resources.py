"""Access tokens of apps for other services (RFC 8707): which can be named, and where such a token works."""

import jwt
import pytest

from tests import factories
from tests.browser import Person
from tests.oauth.app import App, registered, status
from tests.script import Script
from webapp.accounts import service_accounts, user_queries
from webapp.accounts.service_rules import Owner
from webapp.core.keys import KeyRing
from webapp.oauth import clients, resources
from webapp.verify import Key, Verifier
from webapp.web.registry import services_of

FILES, MAPS, FOREIGN = "https://files.example.org", "https://maps.example.org/api", "https://other.example.org"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"


@pytest.fixture
def drive(app) -> App:
    return registered(app, "Drive", is_first_party=True, scopes=["protected:read"], resources=[FILES, MAPS])


def audience(token: str) -> str:
    found: str = jwt.decode(token, options={"verify_signature": False})["aud"]
    return found


def test_a_token_for_another_service_opens_nothing_here(app, person, user, drive):
    code = drive.authorize(person, resource=FILES, scope="openid protected:read offline_access")["code"]
    tokens = drive.redeem(code).json
    token = tokens["access_token"]
    assert audience(token) == FILES
    assert offline(app).verify(token, "protected:read").sub == str(user.id)
    for path in ("/protected", "/oauth/userinfo", "/dashboard", "/api/auth/introspect"):
        assert Script(app, token).get(path).status_code in (401, 405), path
    sent = {"grant_type": EXCHANGE, "subject_token": token, "audience": FILES}
    assert Script(app).post("/api/auth/exchange", data=sent).status_code in (400, 401)
    other = registered(app, "Other")
    assert other.post("/oauth/introspect", token=token).json == {"active": False}
    assert other.post("/oauth/revoke", token=token).status_code == 200
    said = drive.post("/oauth/introspect", token=token).json
    assert (said["active"], said["aud"], said["sub"]) == (True, FILES, str(user.id))
    own = factories.api_token(app, user, "tokens:introspect").token
    for asker, is_active in ((own, True), (introspector(app, "grace"), False)):
        answer = Script(app, asker).post("/api/auth/introspect", data={"token": token}).json
        assert (answer["active"], answer.get("aud")) == (is_active, FILES if is_active else None)
    assert drive.post("/oauth/revoke", token=token).status_code == 200
    assert drive.post("/oauth/introspect", token=token).json == {"active": False}
    assert drive.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"


def offline(app) -> Verifier:
    """How the other service verifies tokens."""
    ring = services_of(app).get(KeyRing)

    def key(kid: str) -> Key:
        found = ring.find(kid)
        assert found is not None
        return Key(found.algorithm, found.verifying)

    return Verifier(app.config["BASE_URL"], audience=FILES, keys=key)


def introspector(app, name: str) -> str:
    return factories.api_token(app, factories.user(app, name), "tokens:introspect").token


def test_whoever_holds_it_can_revoke_it(app, person, drive):
    token = drive.redeem(drive.authorize(person, resource=FILES)["code"]).json["access_token"]
    assert Script(app).post("/api/auth/revoke", data={"token": token}).status_code == 200
    assert drive.post("/oauth/introspect", token=token).json == {"active": False}


def test_each_token_is_for_one_of_the_granted_services(app, person, drive):
    """Of the code and then of the refresh token: the ``aud``, or the error."""
    own = app.config["BASE_URL"]
    target = "invalid_target"
    for granted, named, first, second in (
        ([], [], own, own),
        ([], [own], own, own),
        ([], [FILES], target, None),
        ([FILES], [], FILES, FILES),
        ([FILES], [FILES], FILES, FILES),
        ([FILES], [FILES, FILES], FILES, FILES),
        ([FILES], [MAPS], target, None),
        ([FILES], [own], target, None),
        ([FILES], [""], FILES, FILES),
        ([FILES], [FILES + "/"], target, None),
        ([FILES, MAPS], [], target, None),
        ([FILES, MAPS], [FILES, MAPS], target, None),
        ([FILES, MAPS], [MAPS], MAPS, target),
        ([FILES, own], [own], own, target),
    ):
        code = drive.authorize(person, resource=granted)["code"]
        answer = drive.redeem(code, resource=named).json
        assert found(answer) == first, (granted, named)
        if second is not None:
            assert found(drive.refresh(answer["refresh_token"])) == second, (granted, named)
    code = drive.authorize(person, resource=[FILES, own])["code"]
    tokens = drive.redeem(code, resource=FILES).json
    for wanted in (own, FILES):
        tokens = drive.refresh(tokens["refresh_token"], resource=wanted).json
        assert found(tokens) == wanted
        assert status(app, tokens["access_token"], "/oauth/userinfo") == (200 if wanted == own else 401)


def test_a_code_can_be_used_after_a_request_that_names_no_single_granted_service(app, person, drive):
    code = drive.authorize(person, resource=[FILES, MAPS])["code"]
    for named in ([], [FILES, MAPS], [app.config["BASE_URL"]], [FOREIGN]):
        assert found(drive.redeem(code, resource=named)) == "invalid_target", named
    answer = drive.redeem(code, resource=MAPS)
    assert found(answer) == MAPS
    # A code that was used is still recognised, whatever the second request names.
    assert found(drive.redeem(code)) == "invalid_grant"
    assert found(drive.refresh(answer.json["refresh_token"], resource=MAPS)) == "invalid_grant"


def test_a_request_without_a_granted_service_does_not_say_whether_its_verifier_is_right(app, person, drive):
    code = drive.authorize(person, resource=[FILES, MAPS])["code"]
    assert found(drive.redeem(code, code_verifier="x" * 43)) == "invalid_target"
    assert found(drive.redeem(code, code_verifier="x" * 43, resource=MAPS)) == "invalid_grant"
    assert found(drive.redeem(code, resource=MAPS)) == "invalid_grant", "a wrong verifier uses it up"
    other = registered(app, "Other", is_first_party=True, resources=[FILES, MAPS])
    assert found(other.redeem(drive.authorize(person, resource=[FILES, MAPS])["code"])) == "invalid_grant"


def found(answer) -> str:
    answer = answer if isinstance(answer, dict) else answer.json
    return audience(answer["access_token"]) if "access_token" in answer else answer["error"]


def test_an_app_may_name_its_own_services_only(app, person, drive):
    for named in (
        [FOREIGN],
        [FILES, FOREIGN],
        [FILES + "/"],
        [FILES + "#x"],
        [FILES.upper()],
        ["files"],
        ["\x00"],
        ["x" * 3000],
        [app.config["BASE_URL"] + "/"],
        ["javascript:alert(1)"],
    ):
        assert drive.authorize(person, resource=named)["error"] == "invalid_target", named
        answer = drive.post("/oauth/par", **drive.request | {"resource": named})
        assert (answer.status_code, answer.json["error"]) == (400, "invalid_target")
    assert drive.post("/oauth/par", **drive.request | {"resource": [FILES, MAPS]}).status_code == 201


def test_a_service_that_an_app_loses_is_refused_at_the_next_refresh(app, person, drive):
    tokens = drive.redeem(drive.authorize(person, resource=FILES)["code"]).json
    with factories.database_of(app).write() as db:
        clients.by_name_or_id(db, "Drive").resources = [MAPS]
    assert drive.refresh(tokens["refresh_token"]).json["error"] == "invalid_target"


def test_users_are_asked_about_each_service_once(app, user):
    wiki, person = registered(app, resources=[FILES]), Person(app)
    person.log_in(user.username)
    wiki.allowed_by(person)
    person.open(wiki.url(resource=FILES))
    assert f"Use your account at {FILES}." in person.page.text
    wiki.allowed_by(person, resource=FILES)
    assert "code" in wiki.authorize(person, resource=FILES)
    assert FILES in person.open("/account/apps").text


def test_client_credentials_are_for_one_service(app, user):
    with factories.database_of(app).write() as db:
        owner = Owner(user=user_queries.by_id(db, user.id))
        account = service_accounts.create(db, "robot", role="user", owner=owner, purpose="reads", origin="test")
    robot = registered(app, "Robot", scopes=["protected:read"], service_account_id=account.id, resources=[FILES, MAPS])
    own = app.config["BASE_URL"]
    for named, expected in (
        ([], own),
        ([own], own),
        ([MAPS], MAPS),
        ([FILES, MAPS], "invalid_target"),
        ([FOREIGN], "invalid_target"),
    ):
        answer = robot.post("/oauth/token", grant_type="client_credentials", resource=named).json
        assert found(answer) == expected, named
        if expected == MAPS:
            assert status(app, answer["access_token"]) == 401


@pytest.mark.parametrize(
    "uris", [["files"], ["/files"], ["https://a.example#x"], ["https://a b"], ["https://ä.example"], ["x:" * 150]]
)
def test_a_service_is_named_by_a_complete_uri(uris):
    with pytest.raises(resources.InvalidResource):
        resources.checked(uris)
    with pytest.raises(resources.InvalidResource):
        resources.checked(f"https://{number}.example" for number in range(21))
