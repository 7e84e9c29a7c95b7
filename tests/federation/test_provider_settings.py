"""What can be entered of a provider: presets, checks, and who may let it give which role."""

import json
from dataclasses import replace

import pytest

from tests import factories
from webapp.accounts import roles
from webapp.audit import event_queries
from webapp.core.outgoing_http import PrivateHosts
from webapp.federation import lifecycle, providers
from webapp.federation.lifecycle import IsDeclared, ProviderEditor
from webapp.federation.new_provider import from_preset
from webapp.federation.presets import PRESETS
from webapp.federation.provider_preset import InvalidPreset
from webapp.federation.provider_secrets import secret_of
from webapp.federation.provider_settings import NAMES, WITHOUT_METADATA, InvalidProvider, settings_of

PUBLIC = PrivateHosts()
SEALER = providers.encryptor_for("x" * 32, ())
PAGE = ProviderEditor("page")
TENANT = "8eaef023-2b34-4da1-9baa-8bc8c9d6a490"
ISSUERS = [
    ("google", "", "https://accounts.google.com"),
    ("google", "https://evil.example", "https://accounts.google.com"),
    ("microsoft", TENANT, f"https://login.microsoftonline.com/{TENANT}/v2.0"),
    ("microsoft", f" {TENANT.upper()} ", f"https://login.microsoftonline.com/{TENANT}/v2.0"),
    *(("microsoft", wrong, None) for wrong in ("", "common", "organizations", "example.org", f"{TENANT}/x")),
    ("github", "", "https://github.com"),
    ("gitlab", "", "https://gitlab.com"),
    ("gitlab", "https://git.example.org/", "https://git.example.org"),
    ("keycloak", "https://id.example.org/realms/main/", "https://id.example.org/realms/main"),
    (
        "keycloak",
        "https://id.example.org/realms/main/.well-known/openid-configuration",
        "https://id.example.org/realms/main",
    ),
    ("keycloak", "", None),
    ("authentik", "https://id.example.org/application/o/x", "https://id.example.org/application/o/x/"),
    ("authentik", "https://id.example.org/application/o/x/", "https://id.example.org/application/o/x/"),
    ("pocket-id", "https://id.example.org/", "https://id.example.org"),
    ("discord", "", "https://discord.com"),
    # A slash belongs to the issuers of some providers.
    ("openid", "https://id.example.org/", "https://id.example.org/"),
    ("openid", "https://id.example.org/.well-known/openid-configuration", "https://id.example.org"),
]


def add(db, preset="openid", *, editor=PAGE, **chosen):
    given = {"issuer_or_tenant": "https://id.example.org", "client_id": "c-1", "name": "Acme"} | chosen
    return lifecycle.add(db, SEALER, PUBLIC, from_preset(db, PRESETS[preset], **given), "s3cret", editor)


@pytest.mark.parametrize(("key", "entered", "issuer"), ISSUERS)
def test_the_issuer_of_a_preset(key, entered, issuer):
    if issuer is None:
        with pytest.raises(InvalidPreset):
            PRESETS[key].issuer_for(entered)
        return
    assert PRESETS[key].issuer_for(entered) == issuer


def test_each_preset_can_be_added_with_what_it_asks_for(app):
    with factories.database_of(app).write() as db:
        for key, preset in PRESETS.items():
            entered = TENANT if key == "microsoft" else f"https://{key}.example.org/x"
            urls = dict.fromkeys(WITHOUT_METADATA.get(key, ()), f"https://{key}.example.org/y")
            row = add(db, key, issuer_or_tenant=entered, name="", endpoints=urls)
            assert (row.kind, row.preset, row.name) == (preset.kind, key, preset.name)
            assert row.account_policy == "closed", "nobody gets an account before the operator says so"
            assert row.email_domains == row.grantable_roles == []
        slugs = [row.slug for row in providers.list_providers(db)]
        assert slugs == list(PRESETS), "the host of the generic ones is named like them"
        assert add(db, "gitlab", issuer_or_tenant="https://git.example.org", name="").slug == "gitlab-2"


GITHUB = dict(PRESETS["github"].endpoints)
REQUESTED = "authorization_endpoint", "token_endpoint", "userinfo_endpoint"


def without(name):
    return {one: url for one, url in GITHUB.items() if one != name}


WRONG = [
    ({"name": "x"}, "2 to 50"),
    ({"name": "Ac\u202eme"}, "2 to 50"),
    ({"name": ["Acme"]}, "name has the wrong type"),
    ({"issuer_or_tenant": "id.example.org"}, "complete URL"),
    ({"issuer_or_tenant": "javascript:alert(1)"}, "complete URL"),
    ({"issuer_or_tenant": "https://user@id.example.org"}, "complete URL"),
    ({"issuer_or_tenant": "https://id.example.org#x"}, "complete URL"),
    ({"issuer_or_tenant": "https://id.example.org?x"}, "complete URL"),
    ({"issuer_or_tenant": f"https://id.example.org/{'x' * 500}"}, "complete URL"),
    ({"client_id": ""}, "Enter the client ID"),
    ({"client_id": "ä"}, "Enter the client ID"),
    ({"client_id": "x" * 301}, "Enter the client ID"),
    ({"slug": "Acme"}, "short name"),
    ({"slug": "../x"}, "short name"),
    ({"slug": "x" * 31}, "short name"),
    ({"scopes": ["profile"]}, "need openid"),
    ({"scopes": ["openid", "a b"]}, "no spaces"),
    ({"scopes": "openid"}, "scopes has the wrong type"),
    ({"position": -1}, "0 to 999"),
    ({"position": 1000}, "0 to 999"),
    ({"position": True}, "position has the wrong type"),
    ({"email_domains": ["example"]}, "domains such as"),
    ({"email_domains": ["*.example.org"]}, "domains such as"),
    ({"email_domains": [5]}, "domains such as"),
    ({"account_domains": ["*"]}, "domains such as"),
    ({"account_policy": "anybody"}, "Choose who gets"),
    ({"account_policy": "domains"}, "Enter the domains"),
    ({"grantable_roles": ["pope"]}, "no role called pope"),
    ({"grantable_roles": ["a b"]}, "Enter role names"),
    ({"role_rules": [{"claim": "groups", "value": "x", "role": "admin"}]}, "may not give: admin"),
    ({"role_rules": [{"claim": "groups", "value": "", "role": "user"}]}, "a claim, a value and a role"),
    ({"role_rules": [{"claim": "groups", "value": "x"}]}, "a claim, a value and a role"),
    ({"role_rules": [{"claim": "groups", "value": 5, "role": "user"}]}, "a claim, a value and a role"),
    ({"role_rules": ["x"]}, "a claim, a value and a role"),
    ({"trusted_amr": ["m f a"]}, "no spaces"),
    ({"trusted_acr": ["x"] * 51}, "At most 50"),
    ({"logs_out": "yes"}, "logs_out has the wrong type"),
    ({"endpoints": {"token_endpoint": "ftp://x"}}, "not a complete URL"),
    ({"endpoints": {"jwks": "https://x.example"}}, "no endpoint called jwks"),
    *(({"preset": "github", "endpoints": without(name)}, f"needs its {name}") for name in REQUESTED),
    ({"issuer_or_tenant": "http://id.example.org"}, "WEBAPP_PRIVATE_HOSTS=id.example.org"),
    ({"issuer_or_tenant": "https://id.internal"}, "WEBAPP_PRIVATE_HOSTS=id.internal"),
    *(
        ({"preset": "github", "endpoints": GITHUB | {name: "https://10.0.0.1/x"}}, "WEBAPP_PRIVATE_HOSTS=10.0.0.1")
        for name in ("token_endpoint", "userinfo_endpoint", "emails_endpoint")
    ),
]


@pytest.mark.parametrize(("chosen", "words"), WRONG, ids=str)
def test_what_does_not_fit_is_said_and_nothing_is_added(app, chosen, words):
    with factories.database_of(app).write() as db:
        with pytest.raises(InvalidProvider, match=words):
            add(db, **chosen)
        assert providers.list_providers(db) == []


def test_a_change_is_recorded_with_what_was_before_but_without_the_secret(app):
    with factories.database_of(app).write() as db:
        row = add(db)
        desired = replace(settings_of(row), email_domains=["Example.ORG"])
        assert lifecycle.edit(db, SEALER, PUBLIC, row, desired, PAGE, secret="other-s3cret")
        assert (row.email_domains, secret_of(row, SEALER)) == (["example.org"], "other-s3cret")
        assert not lifecycle.edit(db, SEALER, PUBLIC, row, settings_of(row), PAGE, secret="other-s3cret"), (
            "nothing changes"
        )
        assert not lifecycle.edit(db, SEALER, PUBLIC, row, settings_of(row), PAGE)
        lifecycle.edit(db, SEALER, PUBLIC, row, settings_of(row), PAGE, secret="")
        assert row.client_secret is None
        lifecycle.disable(db, row, PAGE)
        lifecycle.enable(db, row, PAGE)
        lifecycle.remove(db, row, PAGE)
    with factories.database_of(app).read() as db:
        events = [one for one in event_queries.tail(db, limit=20) if one.event.startswith("provider.")]
    kinds = ["made", "edited", "edited", "disabled", "enabled", "removed"]
    assert [one.event for one in events] == [f"provider.{kind}" for kind in kinds]
    (edited,) = [one.details for one in events if one.event == "provider.edited" and one.details["after"]]
    assert (edited["before"], edited["after"]) == ({"email_domains": []}, {"email_domains": ["example.org"]})
    assert "s3cret" not in json.dumps([one.details for one in events])


# By the role of the editor: the roles that a provider of theirs may give. None is the operator on the command line.
MAY_GIVE = {
    "user": {"user"},
    "editor": {"user", "editor"},
    "admin": {"user"},
    "super_admin": {"user", "editor", "admin", "porter", "super_admin"},
    None: {"user", "editor", "admin", "porter", "super_admin"},
}


@pytest.mark.parametrize("role", MAY_GIVE)
def test_a_provider_gives_no_role_that_its_editor_may_not_give(app, role):
    with factories.database_of(app).write() as db:
        roles.add(db, "editor", "Writes.", ["user"])
        roles.add(db, "porter", "Opens.", ["admin"])
        editor = ProviderEditor("page", roles=roles.included_in(db, role) if role else None)
        for given in ("user", "editor", "admin", "porter", "super_admin"):
            rule = {"claim": "groups", "value": "x", "role": given}
            own = {"slug": given.replace("_", "-"), "issuer_or_tenant": f"https://id.example/{given}"}
            desired = own | {"grantable_roles": [given], "role_rules": [rule]}
            strong = add(
                db,
                **desired | {"slug": f"s-{given}".replace("_", "-"), "issuer_or_tenant": f"https://s.example/{given}"},
            )
            plain = add(db, slug=f"p-{given}".replace("_", "-"), issuer_or_tenant=f"https://p.example/{given}")
            attempts = (
                lambda desired=desired: add(db, editor=editor, **desired),
                lambda plain=plain, given=given: lifecycle.edit(
                    db, SEALER, PUBLIC, plain, replace(settings_of(plain), grantable_roles=[given]), editor
                ),
                # Whoever changes another setting, such as the issuer, decides who gets its roles.
                lambda strong=strong: lifecycle.edit(
                    db,
                    SEALER,
                    PUBLIC,
                    strong,
                    replace(settings_of(strong), issuer=f"https://x.example/{strong.slug}"),
                    editor,
                ),
                lambda strong=strong: lifecycle.enable(db, strong, editor),
            )
            for attempt in attempts:
                if given in MAY_GIVE[role]:
                    attempt()
                    continue
                with pytest.raises(InvalidProvider, match="You can't assign"):
                    attempt()


def test_a_declared_provider_is_changed_only_by_its_file(app):
    with factories.database_of(app).write() as db:
        row = add(db, editor=ProviderEditor("file"))
        for change in (
            lambda: lifecycle.edit(db, SEALER, PUBLIC, row, settings_of(row), PAGE),
            lambda: lifecycle.disable(db, row, PAGE),
            lambda: lifecycle.enable(db, row, ProviderEditor("cli")),
            lambda: lifecycle.remove(db, row, PAGE),
        ):
            with pytest.raises(IsDeclared):
                change()


def test_settings_are_the_columns_that_the_checks_know():
    assert set(NAMES) <= set(providers.LoginProvider.__table__.columns.keys())


@pytest.mark.parametrize("preset", ["openid", "github"])
def test_hosts_that_are_named_later_or_no_longer_are_asked_about_only_where_they_change(app, preset):
    named = PrivateHosts.of(["id.internal"])
    with factories.database_of(app).write() as db:
        given = {"endpoints": dict.fromkeys(GITHUB, "https://id.internal/x")} if preset == "github" else {}
        desired = from_preset(
            db, PRESETS[preset], issuer_or_tenant="https://id.internal", client_id="c", name="Acme", **given
        )
        row = lifecycle.add(db, SEALER, named, desired, "s", PAGE)
        lifecycle.edit(db, SEALER, PUBLIC, row, replace(settings_of(row), name="Other"), PAGE)
        changed = (
            {"issuer": "https://id.lan"}
            if preset == "openid"
            else {"endpoints": {**desired.endpoints, "token_endpoint": "https://id.lan"}}
        )
        with pytest.raises(InvalidProvider, match=r"WEBAPP_PRIVATE_HOSTS=id[.]lan"):
            lifecycle.edit(db, SEALER, named, row, replace(settings_of(row), **changed), PAGE)
