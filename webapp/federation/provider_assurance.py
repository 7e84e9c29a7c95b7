"""Assurance level of a login with a provider: one factor, unless its ``acr`` or ``amr`` is trusted."""

from webapp.federation.models import LoginProvider
from webapp.federation.provider_identity import ProviderIdentity
from webapp.guard.assurance import Level

AMR = "federated"
"""``amr`` of such a login; RFC 8176 has no value for it."""


def amr_of(provider: LoginProvider, identity: ProviderIdentity) -> str:
    """The ``amr`` of the session here.

    Never more than two factors: a phishing-resistant login there is not one for this site (SP 800-63C-4 §2.2).
    """
    is_trusted = identity.acr in provider.trusted_acr or bool(set(identity.amr) & set(provider.trusted_amr))
    return f"{AMR} mfa" if is_trusted else AMR


def highest_level(provider: LoginProvider) -> Level:
    """The highest level that a login with a provider can reach."""
    return Level.TWO if provider.trusted_acr or provider.trusted_amr else Level.ONE
