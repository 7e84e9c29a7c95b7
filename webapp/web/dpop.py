"""The proof that comes with a request (RFC 9449 §4), and that it comes once."""

from datetime import timedelta

from flask import current_app, request

from webapp.core import dpop
from webapp.core.dpop import DpopProof, ProofUnfit, ProvenRequest
from webapp.core.ratelimit import Limit, Limiter
from webapp.core.ratelimit_storage import SPENT
from webapp.core.translation import _
from webapp.web.problems import Problem
from webapp.web.registry import service


def proof_for(token: str | None) -> DpopProof:
    """What the header ``DPoP`` shows; two of them reach us as one that is no proof.

    Raises:
        ProofUnfit
    """
    header = request.environ.get("HTTP_DPOP")
    if header is None:
        raise ProofUnfit("the proof is missing")
    asked = ProvenRequest(method=request.method, origin=current_app.config["BASE_URL"], path=request.path, token=token)
    return dpop.proven(header, asked, window=current_app.config["DPOP_WINDOW"])


def is_new(proof: DpopProof) -> bool:
    """Whether it was not sent before, to any process; asked once, it was."""
    limiter = service(Limiter)
    # From the earliest that it could be sent to the latest.
    memory = 2 * current_app.config["DPOP_WINDOW"] + timedelta(seconds=1)
    return limiter.take(Limit(f"{SPENT}proof", 1, memory), proof.jkt, proof.jti).allowed


def presented_proof() -> DpopProof | None:
    """What whoever asks for a token has shown of a key; None where nothing was shown (RFC 9449 §5).

    Raises:
        Problem: 400 ``invalid_dpop_proof``.
    """
    if "HTTP_DPOP" not in request.environ:
        return None
    try:
        return proof_for(None)
    except ProofUnfit as error:
        raise proof_problem(str(error)) from error


def spend(proof: DpopProof | None) -> str | None:
    """The thumbprint of its key. Anybody can make a key, so only once they are no stranger, or were counted as one.

    Raises:
        Problem: 400 ``invalid_dpop_proof``.
    """
    if proof is None:
        return None
    if not is_new(proof):
        raise proof_problem("the proof was sent before")
    return proof.jkt


def proof_problem(reason: str) -> Problem:
    return Problem(
        400,
        _("The DPoP proof is invalid"),
        _("The DPoP header was refused: %(reason)s. No token was issued.", reason=reason),
        extra={"error": "invalid_dpop_proof"},
    )
