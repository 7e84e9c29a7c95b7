"""Claims of providers without OpenID Connect, under the names that OpenID Connect Core §5.1 gives them."""

from collections.abc import Mapping
from typing import Any

from webapp.federation.checks import Check, LoginFailed
from webapp.federation.id_token_rules import has_subject
from webapp.federation.provider_identity import ProviderIdentity, identity_of, value_at
from webapp.federation.provider_metadata import quoted

STANDARD = "sub", "preferred_username", "name", "email", "email_verified"
"""No others: only an ID token shows how and when somebody authenticated."""
LARGEST_NUMBER = 2**63 - 1


def named_identity(
    issuer: str, found: Mapping[str, Any], names: Mapping[str, str], more: Mapping[str, Any] | None = None
) -> ProviderIdentity:
    """The identity in the user data of a provider with its own claim names.

    Args:
        names: name or path of each claim there, by its standard name; the standard name if it is missing, and a claim
            with an empty one is not taken.
        more: claims that do not come from there, by their standard name.

    Raises:
        LoginFailed: there is no usable subject.
    """
    claims = {standard: value_at(found, names.get(standard, standard)) for standard in STANDARD} | dict(more or {})
    claims["sub"] = subject_in(claims["sub"])
    return identity_of(issuer, claims, of_provider=found)


def subject_in(value: object) -> str:
    """The subject as text; some providers have numbers.

    Raises:
        LoginFailed: neither a text nor a whole number above 0; programs often use 0 for an unknown user.
    """
    # Python counts true as a number, and a float may stand for several.
    if type(value) is int:
        if not 0 < value <= LARGEST_NUMBER:
            raise LoginFailed(Check.SUBJECT, f"the subject is {quoted(value)}")
        return str(value)
    has_subject({"sub": value})
    return str(value)
