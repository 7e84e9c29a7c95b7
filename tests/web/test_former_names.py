"""Former names of members: requests may use them, and answers have them beside the present ones."""

import msgspec
import pytest

from tests import factories
from tests.browser import Person
from tests.forward_auth.proxy import proxied
from tests.script import Script
from tests.tokens.inspect_calls import inspect
from webapp.cli.health_checks.finding import Finding
from webapp.core.former_names import FormerNames, HasIpAddress, former_names_of, renamed
from webapp.forward_auth import lifecycle
from webapp.guard.routes import routes
from webapp.web.api_schema import contract_of
from webapp.web.form import Form

JSON = {"Accept": "application/json"}
OF_IP_ADDRESS = {"address": "ip_address"}
ANSWERS = {
    "ActivityEntry": OF_IP_ADDRESS,
    "AuditEntry": OF_IP_ADDRESS | {"gone": "deleted"},
    "ScriptLoginRecord": {"authority": "grant"},
    "SessionEntry": OF_IP_ADDRESS,
    "ExportedEvent": OF_IP_ADDRESS,
    "ExportedLink": {"address": "email"},
    "Finding": {"says": "message", "mend": "remedy"},
    "LiveLogin": OF_IP_ADDRESS,
    "ReachableRoute": {"address": "route"},
    "Strength": {"says": "message"},
    "TokenDenial": OF_IP_ADDRESS,
    "TokenRecord": {"authority": "grant"},
    "TotpOffer": {"begun": "encrypted_seed"},
    "TrustedBrowser": OF_IP_ADDRESS,
    "UserDetails": {"is_frozen": "is_locked"},
}
FORMS = {
    "/account/security/totp": {"begun": "encrypted_seed"},
    "/confirm": {"kept": "form_state"},
    "/tokens/inspect": {"address": "path"},
}
QUERIES = {
    "/admin/audit": OF_IP_ADDRESS,
    "/admin/audit.csv": OF_IP_ADDRESS,
    "/admin/audit.jsonl": OF_IP_ADDRESS,
    "/admin/proxied-apps/<uuid:app_id>/test": OF_IP_ADDRESS,
}


def subclasses(kind):
    for one in kind.__subclasses__():
        yield one
        yield from subclasses(one)


def renamed_answers():
    return [kind for kind in subclasses(FormerNames) if former_names_of(kind) and kind is not HasIpAddress]


def contracts(app, method, part):
    found = {
        route.path: contract_of(app.view_functions[route.endpoint]) for route in routes(app) if method in route.methods
    }
    return {path: getattr(contract, part) for path, contract in found.items() if contract and getattr(contract, part)}


def renamed_of(kinds):
    return {path: dict(names) for path, kind in kinds.items() if (names := former_names_of(kind))}


def test_every_renamed_answer_form_and_query_is_in_the_tables(app):
    found = {kind.__name__: dict(former_names_of(kind)) for kind in renamed_answers()}
    assert found == ANSWERS
    assert renamed_of(contracts(app, "POST", "form")) == FORMS
    assert renamed_of(contracts(app, "GET", "query")) == QUERIES


@pytest.mark.parametrize("kind", renamed_answers(), ids=lambda kind: kind.__name__)
def test_an_answer_has_a_value_by_both_names(kind):
    names = former_names_of(kind)
    members = {member.name: member.default for member in msgspec.structs.fields(kind)}
    made = kind(**{name: f"the {name}" for name in members if name not in names})
    sent = msgspec.to_builtins(made)
    assert {former: sent[former] for former in names} == {former: f"the {name}" for former, name in names.items()}


@pytest.fixture
def ada(app):
    factories.user(app, "ada", role="super_admin")
    person = Person(app)
    person.log_in("ada")
    return person


def send(person, url, **fields):
    token = person.ask("GET", "/login", headers=JSON).json["csrf_token"]
    return person.ask("POST", url, json=fields, headers=JSON | {"X-CSRF-Token": token})


@pytest.mark.parametrize(("path", "names"), FORMS.items(), ids=FORMS)
def test_a_form_reads_a_field_by_its_former_name_and_refuses_two_values(ada, path, names):
    for former, name in names.items():
        twice = send(ada, path, **{former: "one", name: "two"})
        assert (twice.status_code, list(twice.json["errors"])) == (422, [former])
        assert f"`{name}` and `{former}` are the same field" in twice.json["errors"][former][0]
        # An unknown name would be in ``errors``, and so is a present one with a wrong value.
        assert former not in send(ada, path, **{former: "x" * 9000}).json.get("errors", {})


def test_a_token_is_inspected_at_a_path_by_either_name(app, ada):
    token = factories.api_token(app, factories.user(app, "bob"), "protected:read").token
    by_name, by_former_name = (inspect(ada, token, **{name: "//["}) for name in ("path", "address"))
    assert by_former_name.json["errors"] == by_name.json["errors"]
    assert list(by_name.json["errors"]) == ["path"]


@pytest.mark.parametrize("path", QUERIES)
def test_a_query_reads_a_parameter_by_its_former_name_and_refuses_two_values(app, ada, path):
    proxied(app, "wiki")
    with factories.database_of(app).read() as db:
        url = path.replace("<uuid:app_id>", str(lifecycle.by_slug(db, "wiki").id))
    former, present = (ada.ask("GET", f"{url}?{name}=10.0.0.9", headers=JSON) for name in ("address", "ip_address"))
    assert (former.status_code, former.text) == (200, present.text)
    twice = ada.ask("GET", f"{url}?address=10.0.0.9&ip_address=10.0.0.8", headers=JSON)
    assert (twice.status_code, list(twice.json["errors"])) == (400, ["address"])


def test_a_filter_by_the_former_name_selects(app, ada):
    Person(app, ip_address="192.0.2.9").log_in("ada", "wrong wrong wrong")
    script = Script(app, factories.api_token(app, factories.user(app, "ines", role="admin"), "admin:read").token)
    for name in ("address", "ip_address"):
        found = script.get(f"/admin/audit?{name}=192.0.2.9").json["events"]
        assert found
        assert {event["ip_address"] for event in found} == {event["address"] for event in found} == {"192.0.2.9"}


def test_names_are_added_to_those_that_are_inherited():
    @renamed(one="two")
    class First(Form):
        pass

    @renamed(three="four")
    class Second(First):
        pass

    assert former_names_of(First) == {"one": "two"}
    assert former_names_of(Second) == {"one": "two", "three": "four"}
    assert former_names_of(Form) == {}
    assert msgspec.json.decode(msgspec.json.encode(Finding("ok", "clock", "good")))["mend"] == ""
