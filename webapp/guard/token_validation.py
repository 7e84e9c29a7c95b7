"""Validates a token that is not the caller's own, such as for introspection; it does not count as used."""

from webapp.core.clock import now
from webapp.guard.login_manager import Authenticators
from webapp.guard.principal import CredentialRef, Principal, principal_from
from webapp.web.registry import service


def validate_token(token: str) -> Principal:
    """The principal of the token, whatever restrictions it has.

    Raises:
        NotAccepted
    """
    return validate_credential(authenticators().by_token(token))


def validate_credential(claim: CredentialRef) -> Principal:
    """The principal of a credential, as ``validate_token``.

    Raises:
        NotAccepted
    """
    return principal_from(claim, authenticators().credential_row(claim.key), now())


def authenticators() -> Authenticators:
    return service(Authenticators)
