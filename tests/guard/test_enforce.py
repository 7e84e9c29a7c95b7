"""enforce(): from within a view and from ``before_request``, the same answers as ``@require`` gives."""

from datetime import timedelta
from operator import attrgetter

import pytest
from flask import Blueprint

from webapp import testing
from webapp.accounts.models import User
from webapp.guard import Requirement, current_principal, enforce, public, require
from webapp.guard.require import MARK
from webapp.guard.token_grant import TokenGrant
from webapp.testing import HTML, api_token, as_nobody, as_user, clock, user_named, with_token
from webapp.web.transaction import db

RULES = {
    "any": {},
    "scope": {"scope": "box:read"},
    "role": {"role": "admin"},
    "people": {"session": True},
    "fresh": {"fresh_within": timedelta(minutes=10)},
    "level": {"aal": 2},
    "owner": {"owner": lambda **_values: current_principal.user_id},
    "other": {"owner": lambda **_values: None},
}

METHODS = ["GET", "POST"]


marked_requirement = attrgetter(MARK)


def requirement_named(rule):
    """As ``@require`` makes it."""
    return marked_requirement(require(**RULES[rule])(lambda: None))


def add_rule(box, rule):
    def within():
        return enforce(requirement_named(rule)).username

    def who():
        return current_principal.username

    box.add_url_rule(f"/above/{rule}", f"above_{rule}", require(**RULES[rule])(who), methods=METHODS)
    box.add_url_rule(f"/public/{rule}", f"public_{rule}", public(within))
    box.add_url_rule(f"/within/{rule}", f"within_{rule}", require(scope="")(within), methods=METHODS)
    before = Blueprint(f"before_{rule}", __name__)
    before.before_request(lambda: enforce(requirement_named(rule)) and None)
    before.add_url_rule(f"/before/{rule}", "show", require(scope="")(who), methods=METHODS)
    box.register_blueprint(before)


@pytest.fixture(scope="module")
def site():
    box = Blueprint("box", __name__)
    for rule in RULES:
        add_rule(box, rule)
    with clock() as time, testing.app(box) as site:
        for name, role in (("ada", "user"), ("boss", "admin")):
            user_named(site, name, role)
        callers = {
            "nobody": as_nobody(site),
            "session": as_user(site, "ada"),
            "admin": as_user(site, "boss"),
            "token": with_token(site, of="ada"),
            "token with the scope": with_token(site, of="ada", scopes=["box:read"]),
        }
        time.shift(timedelta(hours=1))
        callers |= {"fresh session": as_user(site, "ada"), "session of a passkey": as_user(site, "ada", amr="hwk user")}
        site.callers = callers
        yield site


def answer_of(caller, method, place, rule, accept):
    answer = caller.open(f"/{place}/{rule}", method=method, headers={"Accept": accept})
    location = answer.headers.get("Location", "").replace(f"/{place}/", "/above/")
    code = answer.json.get("code") if answer.is_json else None
    return answer.status_code, code, location, answer.headers.get("WWW-Authenticate"), answer.mimetype


CALLERS = ["nobody", "session", "admin", "token", "token with the scope", "fresh session", "session of a passkey"]


@pytest.mark.parametrize("accept", [HTML["Accept"], "*/*"], ids=["page", "JSON"])
@pytest.mark.parametrize("who", CALLERS)
def test_the_response_is_that_of_the_same_rule_above_the_view(site, who, accept):
    caller = site.callers[who]
    for rule in RULES:
        for method in METHODS:
            above = answer_of(caller, method, "above", rule, accept)
            for place in ("within", "before", *(["public"] if method == "GET" else [])):
                assert answer_of(caller, method, place, rule, accept) == above, (rule, method, place)


@pytest.mark.parametrize(
    ("who", "rule", "status"),
    [
        ("nobody", "any", 401),
        ("session", "any", 200),
        ("session", "role", 403),
        ("admin", "role", 200),
        ("token", "scope", 403),
        ("token with the scope", "scope", 200),
        ("token", "people", 403),
        ("session", "fresh", 401),
        ("fresh session", "fresh", 200),
        ("session", "level", 401),
        ("session of a passkey", "level", 200),
        ("session", "owner", 200),
        ("session", "other", 404),
    ],
)
def test_the_table_has_responses_of_every_kind(site, who, rule, status):
    assert answer_of(site.callers[who], "GET", "public", rule, "*/*")[0] == status


def test_a_change_on_a_public_page_needs_the_csrf_token_of_the_session(tmp_path):
    box = Blueprint("box", __name__)
    box.add_url_rule("/open", "open", public(lambda: enforce(Requirement()).username), methods=["POST"])
    with testing.app(box) as site:
        ada = as_user(site, "ada")
        assert ada.post("/open").text == "ada"
        assert ada.post("/open", headers={"X-CSRF-Token": ""}).status_code == 403
        assert as_nobody(site).post("/open", headers={"Accept": "*/*"}).status_code == 401


def test_earlier_writes_are_rolled_back():
    box = Blueprint("box", __name__)

    @box.post("/write")
    @require()
    def write(principal):
        db().get(User, principal.user_id).display_name = "Changed"
        db().flush()
        enforce(Requirement(role="admin"))

    with testing.app(box) as site:
        assert as_user(site, "ada").post("/write").status_code == 403
        assert user_named(site, "ada").display_name != "Changed"


def test_a_request_is_counted_once_against_the_limit_of_its_token():
    box = Blueprint("box", __name__)
    box.add_url_rule("/twice", "twice", require()(lambda: enforce(Requirement()).username))
    with testing.app(box) as site:
        limited = TokenGrant(scopes=frozenset({"resources:read"}), per_minute=3)
        script = with_token(site, of="ada")
        script.sends |= {"Authorization": f"Bearer {api_token(site, user_named(site, 'ada'), grant=limited).token}"}
        assert [script.get("/twice").status_code for _ in range(4)] == [200, 200, 200, 429]


@pytest.mark.parametrize("requirement", [Requirement(is_public=True), Requirement(is_optional=True)])
def test_a_requirement_that_every_caller_meets_is_an_error(requirement):
    with pytest.raises(ValueError, match="somebody has to meet"):
        enforce(requirement)
