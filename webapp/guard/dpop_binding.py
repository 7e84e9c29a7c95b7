"""A token that is bound to a key is let in with a proof of that key alone (RFC 9449 §7)."""

from webapp.core.digests import same
from webapp.core.dpop import ProofUnfit
from webapp.guard.principal import CredentialRow, NotAccepted, Principal
from webapp.web import dpop
from webapp.web.bearer import Presented


class KeyNotProven(NotAccepted):
    """Nothing shows that the caller holds the key; ``error`` is the challenge's (RFC 9449 §7.1)."""

    def __init__(self, error: str, reason: str, standing: CredentialRow | None) -> None:
        super().__init__("token_invalid", reason, standing)
        self.error = error


def check(shown: Presented, principal: Principal, standing: CredentialRow | None) -> None:
    """The row says whether a token is bound, so that nothing is won by taking that out of the token.

    Raises:
        NotProven
    """
    jkt = principal.authority.jkt if principal.authority else None
    if jkt is None and not shown.is_dpop:
        return
    if jkt is None:
        raise KeyNotProven("invalid_token", "the token is not bound to a key", standing)
    if not shown.is_dpop:
        raise KeyNotProven("invalid_token", "the proof is missing", standing)
    try:
        proof = dpop.proof_for(shown.token)
    except ProofUnfit as error:
        raise KeyNotProven("invalid_dpop_proof", str(error), standing) from error
    if not same(proof.jkt, jkt):
        raise KeyNotProven("invalid_token", "the proof was made with another key", standing)
    # Last, so that only who holds the key is written down.
    if not dpop.is_new(proof):
        raise KeyNotProven("invalid_dpop_proof", "the proof was already used", standing)
