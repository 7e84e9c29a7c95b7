"""ProviderPreset: what is the same for all customers of an identity provider."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from webapp.core.translation import _

TENANT = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
OPENID = "openid", "profile", "email"
GENERIC = "openid"
"""Key of the preset for any other provider of OpenID Connect."""
GENERICS = GENERIC, "oauth2", "oauth1"
"""Keys of the presets that know no provider, only a protocol."""


class InvalidPreset(Exception):
    """A value for a preset does not fit; the message says what to enter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderPreset:
    key: str
    name: str
    """Name on the button of the login page, unless another one is entered."""
    kind: str = "oidc"
    issuer: str
    """Issuer URL, with ``{}`` for the entered value if each customer has another issuer."""
    label: str = ""
    """Label of the value to enter; empty if all customers have the same issuer."""
    example: str = ""
    default: str = ""
    """Default for that value; empty if it is required."""
    slash: str = "never"
    """Whether the issuers of its customers end with a slash: ``never``, ``always``, or ``kept`` as it is entered."""
    scopes: tuple[str, ...] = OPENID
    endpoints: Mapping[str, str] = field(default_factory=dict)
    """URLs of a provider without discovery, by their name in RFC 8414."""
    claim_names: Mapping[str, str] = field(default_factory=dict)
    """Names of claims at a provider without OpenID Connect, by their standard name, such as ``sub``."""
    where: str
    """Place on the pages of the provider where a client is registered."""
    notes: tuple[str, ...] = ()
    """Notes for the admin who adds it."""

    @property
    def needs_value(self) -> bool:
        """Whether something has to be entered before the issuer is known."""
        return bool(self.label) and not self.default and not self.needs_endpoints

    @property
    def needs_endpoints(self) -> bool:
        """Whether its URLs have to be entered; the issuer follows from them."""
        return self.is_generic and self.kind != "oidc"

    @property
    def is_generic(self) -> bool:
        return self.key in GENERICS

    def issuer_for(self, issuer_or_tenant: str) -> str:
        """The issuer of a customer.

        Raises:
            InvalidPreset
        """
        text = issuer_or_tenant.strip() or self.default
        if not self.label:
            return self.issuer
        if not text:
            raise InvalidPreset(_("%(what)s: enter it, such as %(example)s.", what=self.label, example=self.example))
        if self.key == "microsoft":
            if not TENANT.fullmatch(text.lower()):
                raise InvalidPreset(
                    _(
                        "Enter the ID of one tenant, such as %(example)s. The name of the tenant does not work.",
                        example=self.example,
                    )
                )
            return self.issuer.format(text.lower())
        return self.issuer.format(issuer_in(text, self.slash))


def issuer_in(text: str, slash: str) -> str:
    """The issuer in a URL that somebody has copied, perhaps that of its metadata."""
    url = text.removesuffix("/.well-known/openid-configuration")
    if slash == "kept":
        return url
    return url.rstrip("/") + ("/" if slash == "always" else "")
