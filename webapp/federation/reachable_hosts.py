"""Whether this site may reach a provider: on public hosts, and on those that the operator names."""

from collections.abc import Collection
from urllib.parse import urlsplit

from webapp.core.outgoing_http import PrivateHosts
from webapp.core.translation import _
from webapp.federation.models import LoginProvider
from webapp.federation.provider_settings import InvalidProvider

OF_BROWSERS = "authorization_endpoint"
"""The only endpoint that this site sends no requests to."""


def requested_urls(row: LoginProvider) -> set[str]:
    """The URLs that are known of a provider before its metadata are read."""
    if row.kind == "oidc":
        return {row.issuer}
    return {url for name, url in row.endpoints.items() if name != OF_BROWSERS}


def refuse_unreachable(row: LoginProvider, private: PrivateHosts, former: Collection[str] = ()) -> None:
    """Refuse endpoint URLs in private networks that ``WEBAPP_PRIVATE_HOSTS`` does not permit (SSRF).

    Args:
        former: URLs that the provider had before, which are no reason to refuse another change.

    Raises:
        InvalidProvider: requests to this provider would not be sent.
    """
    for url in sorted(requested_urls(row) - set(former)):
        if not private.may_allow(url):
            raise InvalidProvider(
                _(
                    "This site only reaches public https hosts. To permit this one, start this site with "
                    "WEBAPP_PRIVATE_HOSTS=%(host)s.",
                    host=urlsplit(url).hostname,
                )
            )
