"""The DPoP proof of the current request (RFC 9449 §4), and its replay check (§11.1)."""

from datetime import timedelta

from flask import current_app, request

from webapp.core import dpop
from webapp.core.dpop import DpopProof, InvalidProof, ProvenRequest
from webapp.core.ratelimit import Limit, Limiter
from webapp.core.ratelimit_storage import SPENT
from webapp.core.translation import _
from webapp.web.problems import Problem
from webapp.web.registry import service


def proof_for(token: str | None) -> DpopProof:
    """The verified proof from the ``DPoP`` header (RFC 9449 §4.3), without the replay check.

    Args:
        token: the access token that the proof must name in ``ath``; None when a token is being requested.

    Raises:
        InvalidProof: missing or invalid. Two headers arrive joined by a comma, which is invalid too.
    """
    header = request.environ.get("HTTP_DPOP")
    if header is None:
        raise InvalidProof("the proof is missing")
    config = current_app.config
    base_urls = config["BASE_URL"], *config["FORMER_BASE_URLS"]
    proven_request = ProvenRequest(method=request.method, base_urls=base_urls, path=request.path, token=token)
    return dpop.verify_proof(header, proven_request, window=config["DPOP_WINDOW"])


def is_new(proof: DpopProof) -> bool:
    """Mark a proof as used; whether no process had seen it before (RFC 9449 §11.1)."""
    limiter = service(Limiter)
    # ``iat`` may be one window in the past or in the future.
    memory = 2 * current_app.config["DPOP_WINDOW"] + timedelta(seconds=1)
    return limiter.take(Limit(f"{SPENT}proof", 1, memory), proof.jkt, proof.jti).allowed


def presented_proof() -> DpopProof | None:
    """The proof of a request for a token (RFC 9449 §5); None without the header.

    Raises:
        Problem: 400 ``invalid_dpop_proof``.
    """
    if "HTTP_DPOP" not in request.environ:
        return None
    try:
        return proof_for(None)
    except InvalidProof as error:
        raise proof_problem(str(error)) from error


def spend(proof: DpopProof | None) -> str | None:
    """Use up a proof, and return the thumbprint (``jkt``) of its key; None for None.

    Call it after the caller is authenticated or rate limited: each call stores a row, and anyone can make proofs.

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
