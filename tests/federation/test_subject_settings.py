"""Settings that decide who a subject is: kept while accounts are linked, and ending the logins that began before."""

from dataclasses import replace

import pytest

from tests import factories
from tests.browser import Person
from tests.federation.kinds import entered as entered_kind
from tests.federation.upstream import come_back, leave, log_in
from webapp.accounts.models import User
from webapp.core.outgoing_http import PrivateHosts
from webapp.federation import lifecycle, linking, providers
from webapp.federation.lifecycle import ProviderEditor
from webapp.federation.models import WaitingIdentity
from webapp.federation.new_provider import from_preset
from webapp.federation.presets import PRESETS
from webapp.federation.provider_identity import ProviderIdentity
from webapp.federation.provider_settings import NAMES, InvalidProvider, settings_of

CLI = ProviderEditor("cli")
PUBLIC = PrivateHosts()
SEALER = providers.encryptor_for("x" * 32, ())
OTHER = "https://other.example"
# Every setting, with other values; those of the first are refused while accounts are linked.
KEPT = {
    "the issuer": ("issuer", OTHER),
    "the claim for sub": ("claim_names", {"sub": "login"}),
    "the userinfo endpoint": ("endpoints", {"userinfo_endpoint": f"{OTHER}/user"}),
    "a removed userinfo endpoint": ("endpoints", {"userinfo_endpoint": None}),
}
CHANGED = {
    "another claim": ("claim_names", {"name": "full_name"}),
    "another endpoint": ("endpoints", {"token_endpoint": "https://code.example.org/token2"}),
    "name": ("name", "Other"),
    "client_id": ("client_id", "other"),
    "scopes": ("scopes", ["openid", "user"]),
    "client_auth_method": ("client_auth_method", "client_secret_basic"),
    "position": ("position", 7),
    "email_domains": ("email_domains", ["example.net"]),
    "account_policy": ("account_policy", "closed"),
    "account_domains": ("account_domains", ["example.net"]),
    "grantable_roles": ("grantable_roles", ["user"]),
    "role_rules": ("role_rules", [{"claim": "groups", "value": "x", "role": "user"}]),
    "trusted_acr": ("trusted_acr", ["x"]),
    "trusted_amr": ("trusted_amr", ["x"]),
    "logs_out": ("logs_out", True),
}


def edit(db, row, name, value):
    desired = settings_of(row)
    if isinstance(value, dict):
        value = {key: one for key, one in {**getattr(row, name), **value}.items() if one is not None}
    more = {"grantable_roles": ["user"]} if name == "role_rules" else {}
    return lifecycle.edit(db, SEALER, PUBLIC, row, replace(desired, **{name: value} | more), CLI)


def test_the_tables_have_every_setting():
    assert {name for name, _value in (KEPT | CHANGED).values()} == set(NAMES)


@pytest.mark.parametrize("kind", ["oidc", "oauth2", "oauth1"])
def test_who_a_subject_is_stays_as_long_as_accounts_are_linked(app, kind, subtests):
    entered_kind(app, kind)
    user = factories.user(app, "ada")
    database = factories.database_of(app)
    with database.write() as db:
        row = providers.list_providers(db)[0]
        made = linking.create(db, row, ProviderIdentity(row.issuer, "u-1"), db.get_one(User, user.id), way="account")
        row_id, link_id = row.id, made.id
    for words, (name, value) in KEPT.items():
        if words == "a removed userinfo endpoint" and kind == "oidc":
            continue
        with (
            subtests.test(words),
            pytest.raises(InvalidProvider, match=r"linked|needs its"),
            database.write() as db,
        ):
            edit(db, providers.by_id(db, row_id), name, value)
    for words, (name, value) in CHANGED.items():
        with subtests.test(words), database.write() as db:
            assert edit(db, providers.by_id(db, row_id), name, value)
    with database.write() as db:
        row = providers.by_id(db, row_id)
        linking.remove(db, db.get_one(linking.LinkedIdentity, link_id), row)
        assert edit(db, row, "issuer", OTHER), "nobody is linked any more"


# Each setting whose change ends logins that began before; the others leave them alone.
ENDING = {
    "issuer": {"issuer": OTHER},
    "client": {"client_id": "other"},
    "sub": {"claim_names": {"sub": "login"}},
    "userinfo": {"endpoints": {"userinfo_endpoint": f"{OTHER}/user"}},
}
LEAVING = {"name": {"name": "Other"}, "policy": {"account_policy": "closed"}, "nothing": {}}


@pytest.mark.parametrize("changed", ENDING | LEAVING)
def test_logins_that_have_begun_end_when_the_provider_becomes_another_one(app, upstream, changed):
    waiting, on_the_way = Person(app), Person(app)
    upstream.claims = {"sub": "u-1", "email": "grace@elsewhere.example"}
    assert log_in(waiting, upstream).headers["Location"] == "/login/with/acme/account"
    given = upstream.authorized(leave(on_the_way))
    with factories.database_of(app).write() as db:
        row = providers.by_slug(db, "acme")
        lifecycle.edit(db, SEALER, PUBLIC, row, replace(settings_of(row), **(ENDING | LEAVING)[changed]), CLI)
    ends = changed in ENDING
    assert waiting.open("/login/with/acme/account").status_code == (404 if ends else 200)
    assert come_back(on_the_way, given).status_code == (400 if ends else 303)


def test_an_identity_of_a_former_issuer_is_not_taken_for_one_of_the_present_one(app, upstream):
    person = Person(app)
    upstream.claims = {"sub": "u-1", "email": "grace@elsewhere.example"}
    log_in(person, upstream)
    with factories.database_of(app).write() as db:
        providers.by_slug(db, "acme").issuer = OTHER
        assert db.query(WaitingIdentity).count() == 1
    assert person.open("/login/with/acme/account").status_code == 404


def test_no_two_providers_have_one_issuer(app, upstream):
    with factories.database_of(app).write() as db:
        desired = from_preset(db, PRESETS["openid"], issuer_or_tenant=upstream.issuer, client_id="c", name="Twin")
        for kind in ("page", "cli", "file"):
            with pytest.raises(InvalidProvider, match="Acme has this issuer already"):
                lifecycle.add(db, SEALER, PUBLIC, desired, "", ProviderEditor(kind))
        row = lifecycle.add(db, SEALER, PUBLIC, replace(desired, issuer=OTHER), "", CLI)
    with pytest.raises(InvalidProvider, match="Acme has"), factories.database_of(app).write() as db:
        edit(db, providers.by_id(db, row.id), "issuer", upstream.issuer)
    with factories.database_of(app).read() as db:
        found = providers.list_providers(db)
        assert [(one.slug, one.issuer) for one in found] == [
            ("acme", upstream.issuer),
            ("twin", OTHER),
        ]


@pytest.mark.parametrize("change", ["add", "edit"])
def test_nor_if_two_are_entered_at_one_moment(app, upstream, monkeypatch, change):
    looks, real = iter([lambda *_: None]), lifecycle.refuse_same_issuer
    monkeypatch.setattr(lifecycle, "refuse_same_issuer", lambda db, row: next(looks, real)(db, row))
    with factories.database_of(app).write() as db:
        desired = from_preset(db, PRESETS["openid"], issuer_or_tenant=OTHER, client_id="c", name="Twin")
        same = replace(desired, issuer=upstream.issuer)
        if change == "add":
            with pytest.raises(InvalidProvider, match="Acme has this issuer already"):
                lifecycle.add(db, SEALER, PUBLIC, same, "", CLI)
        else:
            row = lifecycle.add(db, SEALER, PUBLIC, desired, "", CLI)
            monkeypatch.setattr(lifecycle, "refuse_same_issuer", lambda *_: None)
            with pytest.raises(InvalidProvider, match="Another provider has the issuer"), db.begin_nested():
                edit(db, row, "issuer", upstream.issuer)
