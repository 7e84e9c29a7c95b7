"""validated(): access tokens that this site has issued for another service (RFC 8707), which its guard refuses."""

from uuid import UUID

from webapp.core import jwt
from webapp.guard.principal import CredentialRef, NotAccepted, Principal
from webapp.guard.token_validation import validate_credential, validate_token
from webapp.tokens.authenticator import TYP
from webapp.tokens.issuing import TokenIssuer
from webapp.verify import read
from webapp.web.registry import service


def validated(token: str) -> Principal:
    """The principal of an access token for this site or for another service, such as for introspection.

    Raises:
        NotAccepted
    """
    try:
        return validate_token(token)
    except NotAccepted:
        return of_other_service(token)


def of_other_service(token: str) -> Principal:
    """The principal of an access token for another service, which its row must name. Exchanged tokens have no row.

    Raises:
        NotAccepted
    """
    issuer = service(TokenIssuer)
    try:
        audience = read(token)[1].get("aud")
        if not isinstance(audience, str):
            raise NotAccepted("token_invalid", "aud is no text")
        url = jwt.issuer_of(token, own=issuer.url, former=issuer.former)
        claims = jwt.verify(token, typ=TYP, issuer=url, audience=audience, ring=issuer.ring)
        reference = CredentialRef(key=UUID(claims["jti"]).hex, kind="token", user_id=UUID(claims["sub"]))
    except (jwt.TokenError, ValueError) as error:
        raise NotAccepted("token_invalid", str(error)) from error
    principal = validate_credential(reference)
    if principal.grant is None or principal.grant.audiences != (audience,):
        raise NotAccepted("token_invalid", "aud is not that of its row")
    return principal
