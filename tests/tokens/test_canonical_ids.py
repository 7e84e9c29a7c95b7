"""One id has one spelling: in tokens, wherever they are read, and in URLs."""

from uuid import UUID

import pytest
import time_machine

from tests import factories
from tests.browser import Person
from tests.core.forged_tokens import NOON, claims_with, forged
from tests.guard.cookie_browsers import TOKEN
from tests.login.exchange_calls import REPORTS, WHOLE
from tests.published_keys import verifier
from tests.script import Script
from tests.tokens.forged_tokens import claims_of, is_refused, signed
from webapp.verify import Invalid

ID = "5f6c1c52-3b1b-4f0e-9d3a-0a54b0a6f111"

OTHERWISE = {
    "upper case": lambda found: str(found).upper(),
    "upper case without dashes": lambda found: found.hex.upper(),
    "one capital letter": lambda found: capital(str(found)),
    "braces": lambda found: f"{{{found}}}",
    "urn": lambda found: found.urn,
    "urn of the hexadecimal": lambda found: f"urn:uuid:{found.hex}",
    "uuid with a colon": lambda found: f"uuid:{found}",
    "a dash too many": lambda found: f"{found}-",
    "dashes elsewhere": lambda found: "-".join(found.hex),
    "digits of another script": lambda found: found.hex.translate({ord("0") + n: 0x660 + n for n in range(10)}),
}
SPELLINGS = [
    *(pytest.param("jti", spell, id=f"jti: {name}") for name, spell in OTHERWISE.items()),
    *(pytest.param("sub", spell, id=f"sub: {name}") for name, spell in OTHERWISE.items()),
    pytest.param("jti", str, id="jti: with dashes"),
    pytest.param("sub", lambda found: found.hex, id="sub: without dashes"),
]


def capital(text):
    place = next(place for place, letter in enumerate(text) if letter.isalpha())
    return text[:place] + text[place].upper() + text[place + 1 :]


@pytest.fixture
def app(make_app):
    return make_app(WEBAPP_EXCHANGE_AUDIENCES=REPORTS, WEBAPP_TOKEN_LOCATIONS="header,query,cookie")


@pytest.fixture
def non_canonical(app, user):
    def make(name, spell, **changes):
        claims = claims_of(app, user, **changes)
        return signed(app, claims | {name: spell(UUID(claims[name]))})

    return make


@pytest.mark.parametrize(("name", "spell"), SPELLINGS)
def test_the_guard_refuses_a_non_canonical_id_in_every_token_location(app, non_canonical, name, spell):
    token = non_canonical(name, spell)
    assert is_refused(app, token)
    assert Script(app).get(f"/protected?token={token}").json["code"] == "token_invalid"
    assert Script(app).get("/protected", headers={"Cookie": f"{TOKEN}={token}"}).json["code"] == "token_invalid"


@pytest.mark.parametrize(("name", "spell"), SPELLINGS)
def test_introspection_of_a_non_canonical_id_is_inactive(app, user, non_canonical, name, spell):
    asker = Script(app, factories.api_token(app, user, "tokens:introspect").token)
    assert asker.post("/api/auth/introspect", json={"token": non_canonical(name, spell)}).json == {"active": False}


@pytest.mark.parametrize(("name", "spell"), SPELLINGS)
def test_introspection_of_a_non_canonical_exchanged_token_is_inactive(app, user, non_canonical, name, spell):
    asker = Script(app, factories.api_token(app, user, "tokens:introspect").token)
    given = factories.api_token(app, user).token
    exchanged = Script(app).post("/api/auth/exchange", json=WHOLE | {"subject_token": given}).json["access_token"]
    assert asker.post("/api/auth/introspect", json={"token": exchanged}).json["active"]
    act = {"sub": factories.api_token(app, user).entry.id.hex}
    forged_one = non_canonical(name, spell, aud=REPORTS, act=act)
    assert asker.post("/api/auth/introspect", json={"token": forged_one}).json == {"active": False}


@pytest.mark.parametrize("spell", [*OTHERWISE.values(), str], ids=[*OTHERWISE, "with dashes"])
def test_a_non_canonical_actor_is_not_our_token(app, user, spell):
    asker = Script(app, factories.api_token(app, user, "tokens:introspect").token)
    act = {"sub": spell(factories.api_token(app, user).entry.id)}
    token = signed(app, claims_of(app, user, aud=REPORTS, act=act))
    assert asker.post("/api/auth/introspect", json={"token": token}).json == {"active": False}


@pytest.mark.parametrize(("name", "spell"), SPELLINGS)
def test_a_non_canonical_token_is_not_exchanged_and_ends_nothing(app, non_canonical, name, spell):
    token = non_canonical(name, spell)
    answer = Script(app).post("/api/auth/exchange", json=WHOLE | {"subject_token": token})
    assert (answer.status_code, answer.json["code"]) == (401, "token_invalid")
    assert Script(app).post("/api/auth/revoke", json={"token": token}).status_code == 200


def test_revoking_a_non_canonical_id_ends_nothing(app, user):
    given = factories.api_token(app, user)
    token = signed(app, claims_of(app, user, jti=str(given.entry.id)))
    Script(app).post("/api/auth/revoke", json={"token": token})
    assert Script(app, given.token).get("/protected").status_code == 200


@pytest.mark.parametrize(("name", "spell"), SPELLINGS)
def test_the_offline_verifier_refuses_it(name, spell):
    with time_machine.travel(NOON, tick=False):
        assert verifier().verify(forged(claims=claims_with(jti=UUID(ID).hex, sub=ID)))
        with pytest.raises(Invalid):
            verifier().verify(forged(claims=claims_with(**{name: spell(UUID(ID))})))


@pytest.mark.parametrize("spell", [*OTHERWISE.values(), lambda found: found.hex], ids=[*OTHERWISE, "without dashes"])
def test_a_url_with_a_non_canonical_id_is_404(app, user, spell):
    """Every route that has an id in its path."""
    streets = app.url_map.bind("localhost")
    rules = [rule for rule in app.url_map.iter_rules() if "<uuid:" in rule.rule]
    assert len(rules) > 20
    for rule in rules:
        ids = [name for name, converter in rule._converters.items() if converter.regex.startswith("[0-9a-f]")]
        values = dict.fromkeys(rule.arguments, "disable") | dict.fromkeys(ids, ID)
        path, method = streets.build(rule.endpoint, values, force_external=False), min(rule.methods & {"GET", "POST"})
        assert streets.match(path, method)
        parts = path.split(ID)
        assert len(parts) == len(ids) + 1
        for place in range(1, len(parts)):
            non_canonical = ID.join(parts[:place]) + spell(UUID(ID)) + ID.join(parts[place:])
            assert not streets.test(non_canonical, method), non_canonical


def test_a_page_is_found_only_at_its_canonical_id(app, user):
    person = Person(app)
    person.log_in("ada")
    path = f"/tokens/{factories.api_token(app, user).entry.id}"
    assert person.ask("GET", path).status_code == 200
    assert person.ask("GET", path[:8] + path[8:].upper()).status_code == 404
