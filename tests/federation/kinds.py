"""A provider of each kind, whose user has the same name and e-mail address."""

from typing import Any

from flask import Flask

from tests.federation import oauth1_upstream, oauth2_upstream
from tests.federation.oauth1_upstream import OAuth1Upstream, oauth1_provided
from tests.federation.oauth2_upstream import OAuth2Upstream, oauth2_provided
from tests.federation.upstream import Upstream, provided

KINDS = "oidc", "oauth2", "oauth2 with a list of addresses", "oauth1"
AnyUpstream = Upstream | OAuth2Upstream | OAuth1Upstream


def entered(
    app: Flask, kind: str, *, subject: str = "u-1", email: str = "grace@example.org", verified: Any = True, **row: Any
) -> AnyUpstream:
    """Enter a provider of a kind at a site, and let the site reach it.

    Args:
        verified: what the provider says of the e-mail address.
    """
    shown = {"email": email, "email_verified": verified, "name": "Grace"}
    if kind == "oidc":
        openid = Upstream(claims={"sub": subject} | shown)
        provided(app, openid, **row)
        return openid
    if kind == "oauth1":
        former = OAuth1Upstream(user={"id_str": subject, "screen_name": "grace"} | shown)
        oauth1_provided(app, former, **row)
        return former
    user = {"id": subject, "login": "grace"}
    if kind == "oauth2":
        plain = OAuth2Upstream(user=user | shown)
        urls = {key: url for key, url in oauth2_upstream.ENDPOINTS.items() if key != "emails_endpoint"}
        oauth2_provided(app, plain, endpoints=urls, **row)
        return plain
    listing = OAuth2Upstream(
        user=user | {"name": "Grace"}, emails=[oauth2_upstream.primary(email=email, verified=verified)]
    )
    oauth2_provided(app, listing, **row)
    return listing


def issuer_of(kind: str) -> str:
    known = {"oidc": Upstream().issuer, "oauth1": oauth1_upstream.ISSUER}
    return known.get(kind, oauth2_upstream.ISSUER)
