"""check(): a token that is bound to a key is accepted only with a DPoP proof of that key (RFC 9449 §7)."""

from webapp.core.digests import constant_time_equal
from webapp.core.dpop import InvalidProof
from webapp.guard.principal import CredentialRow, NotAccepted, Principal
from webapp.web import dpop
from webapp.web.bearer import PresentedToken


class KeyNotProven(NotAccepted):
    """The DPoP proof is missing or wrong; ``error`` is the error code of the challenge (RFC 9449 §7.1)."""

    def __init__(self, error: str, reason: str, credential_row: CredentialRow | None) -> None:
        super().__init__("token_invalid", reason, credential_row)
        self.error = error


def check(presented_token: PresentedToken, principal: Principal, credential_row: CredentialRow | None) -> None:
    """Check the DPoP proof of a request. Whether the token is bound is read from its row, not from its claims.

    Args:
        presented_token: the token as it was sent.
        principal: of the token.
        credential_row: its row, for the log.

    Raises:
        KeyNotProven
    """
    jkt = principal.grant.jkt if principal.grant else None
    if jkt is None and not presented_token.is_dpop:
        return
    if jkt is None:
        raise KeyNotProven("invalid_token", "the token is not bound to a key", credential_row)
    if not presented_token.is_dpop:
        raise KeyNotProven("invalid_token", "the proof is missing", credential_row)
    try:
        proof = dpop.proof_for(presented_token.token)
    except InvalidProof as error:
        raise KeyNotProven("invalid_dpop_proof", str(error), credential_row) from error
    if not constant_time_equal(proof.jkt, jkt):
        raise KeyNotProven("invalid_token", "the proof was made with another key", credential_row)
    # Last, so that rows are stored only for proofs of the right key.
    if not dpop.is_new(proof):
        raise KeyNotProven("invalid_dpop_proof", "the proof was already used", credential_row)
