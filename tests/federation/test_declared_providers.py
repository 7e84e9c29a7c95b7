"""providers.toml: what it declares, what is refused with which sentence, and that its rows are locked."""

import pytest

from tests import factories
from tests.federation.upstream import provided
from webapp.core.db import Database
from webapp.core.outgoing_http import PrivateHosts
from webapp.federation import declared_providers, providers
from webapp.federation.declared_providers import FILE
from webapp.federation.provider_secrets import secret_of
from webapp.settings import SettingsError

SEALER = providers.encryptor_for("x" * 32, ())
ACME = """[[provider]]
slug = "acme"
name = "Acme"
issuer = "https://id.acme.example"
client_id = "latchkey"
"""
WHOLE = f"""{ACME}
secret = "s3cret"
email_domains = ["acme.example"]
account_policy = "domains"
account_domains = ["acme.example"]
grantable_roles = ["admin"]
role_rules = [{{ claim = "groups", value = "staff", role = "admin" }}]
trusted_amr = ["mfa"]
logs_out = true

[[provider]]
slug = "ms"
preset = "microsoft"
tenant = "8eaef023-2b34-4da1-9baa-8bc8c9d6a490"
client_id = "c"
enabled = false
"""


@pytest.fixture
def declare(app, tmp_path):
    def declare(text: str | None) -> dict[str, providers.LoginProvider]:
        path = tmp_path / FILE
        path.unlink(missing_ok=True)
        if text is not None:
            path.write_text(text)
            path.chmod(0o600)
        declared_providers.load(factories.database_of(app), SEALER, PrivateHosts(), tmp_path)
        with factories.database_of(app).read() as db:
            return {row.slug: row for row in providers.list_providers(db)}

    return declare


def test_providers_are_declared_changed_and_disabled_when_they_are_gone(declare):
    assert declare(None) == {}
    rows = declare(WHOLE)
    acme = rows["acme"]
    assert (acme.is_declared, acme.disabled_at, secret_of(acme, SEALER)) == (True, None, "s3cret")
    assert (acme.role_rules[0]["role"], acme.trusted_amr, acme.logs_out) == ("admin", ["mfa"], True)
    assert (rows["ms"].disabled_at is None, rows["ms"].position) == (False, 1)
    rows = declare(ACME)
    assert (rows["acme"].id, rows["acme"].role_rules, rows["acme"].client_secret) == (acme.id, [], None)
    # No longer declared: nobody can log in with it, and an admin may change or remove it.
    assert (rows["ms"].is_declared, rows["ms"].disabled_at is None) == (False, False)
    rows = declare(None)
    assert (rows["acme"].is_declared, rows["acme"].disabled_at is None) == (False, False)
    rows = declare(ACME)
    assert (rows["acme"].is_declared, rows["acme"].disabled_at, rows["acme"].id) == (True, None, acme.id)


def test_a_file_that_has_not_changed_writes_nothing(declare, monkeypatch):
    declare(WHOLE)

    def write(_self):
        raise AssertionError

    monkeypatch.setattr(Database, "write", write)
    assert set(declare(WHOLE)) == {"acme", "ms"}


def test_a_process_that_starts_at_the_same_moment_finds_the_rows_of_the_other(declare, monkeypatch):
    declare(ACME)
    with_rows, answers = providers.by_slug, [None, None]

    def before_the_other_commits(db, slug):
        return answers.pop() if answers else with_rows(db, slug)

    monkeypatch.setattr(declared_providers.providers, "by_slug", before_the_other_commits)
    assert set(declare(ACME)) == {"acme"}
    assert answers == []


def test_a_provider_that_was_entered_on_a_page_is_taken_over(app, upstream, declare):
    made = provided(app, upstream, slug="acme-2", issuer="https://former.example.org")
    row = declare(ACME.replace('slug = "acme"', 'slug = "acme-2"'))["acme-2"]
    assert (row.id, row.is_declared, row.issuer) == (made.id, True, "https://id.acme.example")


REFUSED = [
    ("[[provider", "cannot be read"),
    ("[provider]\nslug = 'x'", "only tables"),
    ("x = 1", "only tables"),
    ("[[provider]]\nname = 'Acme'", "provider 1 needs a slug"),
    ("[[provider]]\nslug = 'Ac me'", "provider 1 needs a slug"),
    (ACME + ACME, "declares acme twice"),
    (ACME + "colour = 'red'", "acme has an unknown name: colour"),
    (ACME + "preset = 'yahoo'", "acme: preset is one of google"),
    (ACME + "preset = ['google']", "acme: preset is one of google"),
    (ACME + "kind = 'saml'", "acme: kind is one of oidc"),
    (ACME + "enabled = 'yes'", "enabled true or false"),
    (ACME + "scopes = 'openid'", "scopes has the wrong type"),
    (ACME + "position = true", "position has the wrong type"),
    (ACME + "logs_out = 1", "logs_out has the wrong type"),
    (ACME.replace('"https://id.acme.example"', "5"), "issuer is a text"),
    (ACME.replace("https://", "ftp://"), "complete URL"),
    (ACME.replace("https://id.acme.example", "http://id.acme.example"), "acme: This site only reaches public https"),
    (ACME.replace("id.acme.example", "10.1.2.3"), "acme: .*WEBAPP_PRIVATE_HOSTS=10.1.2.3"),
    (ACME.replace('client_id = "latchkey"', ""), "Enter the client ID"),
    (ACME + "grantable_roles = ['pope']", "no role called pope"),
    (ACME + "secret = 's'\nsecret_env = 'S'", "has one of secret, secret_file, secret_env"),
    (ACME + "secret = 5", "has one of secret"),
    (ACME + "secret_env = 'NO_SUCH_VARIABLE'", "variable NO_SUCH_VARIABLE is not set"),
    (ACME + "secret_file = '/nowhere'", "secret_file names '/nowhere'"),
]


@pytest.mark.parametrize(("text", "words"), REFUSED)
def test_what_does_not_fit_stops_the_start_with_one_sentence(declare, text, words):
    with pytest.raises(SettingsError, match=words) as error:
        declare(text)
    assert FILE in str(error.value)


def test_a_file_with_a_secret_that_others_can_read_is_refused(app, tmp_path):
    path = tmp_path / FILE
    for mode, text, is_fit in ((0o644, ACME, True), (0o644, ACME + "secret = 's'", False), (0o600, WHOLE, True)):
        path.write_text(text)
        path.chmod(mode)
        if is_fit:
            declared_providers.read(tmp_path)
            continue
        with pytest.raises(SettingsError, match="chmod 600"):
            declared_providers.read(tmp_path)


def test_a_secret_comes_from_a_file_or_from_the_environment(tmp_path):
    (tmp_path / "s").write_text("from-file\n")
    path = tmp_path / FILE
    for line, secret in (
        (f"secret_file = '{tmp_path / 's'}'", "from-file"),
        ("secret_env = 'ACME'", "from-env"),
        ("", ""),
    ):
        path.write_text(ACME + line)
        (one,) = declared_providers.read(tmp_path, {"ACME": "from-env"})
        assert one.secret == secret
    assert "from" not in repr(one)


def test_the_site_loads_the_file_when_it_is_built(make_app, instance, upstream):
    path = instance / FILE
    path.write_text(WHOLE)
    path.chmod(0o600)
    app = make_app()
    page = app.test_client().get("/login", headers={"Accept": "text/html"}).text
    assert "Acme" in page
    assert "Microsoft" not in page, "it is disabled"
