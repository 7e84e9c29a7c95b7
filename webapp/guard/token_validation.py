"""What a token is worth that somebody else brought, asked of the doors that the guard asks, and never a use of it."""

from webapp.core.clock import now
from webapp.guard.login_manager import Authenticators
from webapp.guard.principal import CredentialRef, Principal, admit
from webapp.web.registry import service


def vouch(token: str) -> Principal:
    """Whom the guard would see behind it, wherever its bounds let it be used.

    Raises:
        NotAccepted
    """
    return vouch_for(doors().by_token(token))


def vouch_for(claim: CredentialRef) -> Principal:
    """
    Raises:
        NotAccepted
    """
    return admit(claim, doors().standing(claim.key), now())


def doors() -> Authenticators:
    return service(Authenticators)
