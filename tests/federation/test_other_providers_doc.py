"""The example of docs/other-providers.md is a declaration that the site takes."""

import re
from pathlib import Path

import pytest

from webapp.core.outgoing_http import PrivateHosts
from webapp.federation.declared_providers import load
from webapp.federation.providers import ProviderEncryptor, by_slug
from webapp.web.registry import services_of

PAGE = Path(__file__).resolve().parents[2] / "docs" / "other-providers.md"


def as_oauth1(text):
    text = text.replace('"oauth2"', '"oauth1"').replace('"client_secret_basic"', '"HMAC-SHA1"')
    return text.replace("[provider.endpoints]", '[provider.endpoints]\nrequest_token_endpoint = "https://a.example/r"')


@pytest.mark.parametrize(("kind", "change"), [("oauth2", str), ("oauth1", as_oauth1)])
def test_the_example_is_taken(app, database, instance, kind, change):
    example = re.search(r"```toml\n(.*?)```", PAGE.read_text(), re.DOTALL)[1]
    secret = instance / "secret of the forum"
    secret.write_text("a secret of theirs")
    declared = instance / "providers.toml"
    declared.write_text(change(example.replace("/run/secrets/forum", str(secret))))
    declared.chmod(0o600)
    load(database, services_of(app).get(ProviderEncryptor), PrivateHosts(), instance)
    with database.read() as db:
        row = by_slug(db, "forum")
    assert (row.kind, row.claim_names["sub"], row.is_declared) == (kind, "data.user.id", True)
