"""/tokens/inspect: decode and verify a token, and show how a request with it would be answered; nothing is stored."""

import msgspec
from flask import Response, current_app, render_template, request
from flask.typing import ResponseReturnValue

from webapp.core.clock import now
from webapp.core.jwt import issuer_of
from webapp.core.translation import _, _l
from webapp.guard import Principal, require
from webapp.guard.dry_run import try_access
from webapp.guard.login_manager import Authenticators
from webapp.guard.policy import CODES, Decision
from webapp.guard.preferences import zone
from webapp.guard.principal import CredentialRow, NotAccepted, principal_from
from webapp.tokens import token_inspection
from webapp.tokens.forms import InspectForm
from webapp.tokens.summary import summary
from webapp.tokens.token_inspection import InspectedMember, TokenReading
from webapp.tokens.token_list import Token
from webapp.tokens.views.blueprint import bp, catalogue, issuer, token_by_id
from webapp.web.api_schema import responds
from webapp.web.negotiation import show
from webapp.web.problem_codes import ProblemCode
from webapp.web.problem_kinds import kind_of
from webapp.web.registry import service
from webapp.web.responses import refuse_form

REFUSED: dict[ProblemCode, str] = {
    "token_revoked": _l("It was issued here and revoked, or its owner can no longer log in."),
    "token_expired": _l("It was issued here and has expired."),
    "token_invalid": _l("It was signed by this site but no longer exists."),
}
ANOTHERS = _l(
    "It was issued here and its signature is valid. It belongs to another account, so only its owner can see more."
)
# Why a token gives no access to a path, shown after a colon.
WORDS = {
    Decision.NEED_SESSION: _l("this page needs a browser login and does not accept tokens"),
    Decision.OUT_OF_BOUNDS: _l("the token's limits do not allow this path, method or IP address"),
    Decision.NEED_SCOPE: _l("the token does not have the required permission"),
    Decision.NEED_ROLE: _l("its owner does not have the required role"),
    Decision.RAISE: _l("its owner logged in without the required second factor"),
    Decision.STEP_UP: _l("its owner has not confirmed their identity recently enough"),
}


class InspectionStep(msgspec.Struct, frozen=True):
    """One check of the guard: held, missing, or idle if an earlier one failed."""

    words: str
    state: str


class GuardVerdict(msgspec.Struct, frozen=True):
    """How a request with the token would be answered."""

    allowed: bool
    sentence: str
    code: str | None = None
    steps: list[InspectionStep] = []
    fix: str | None = None


class Inspected(msgspec.Struct, frozen=True, kw_only=True):
    """The content of a token, and what this site has stored about it."""

    sentence: str
    code: str | None
    """The problem code with which the guard would refuse it; null if it is accepted."""
    signature: str
    """holds, broken, or unchecked if it names no key of this site."""
    header: list[InspectedMember]
    claims: list[InspectedMember]
    token: Token | None
    """Its row, if it is the caller's."""
    summary: list[str]
    verdict: GuardVerdict | None
    """If a path was given."""


@bp.get("/tokens/inspect")
@require(session=True)
def inspect_form() -> ResponseReturnValue:
    return render_template("tokens/inspect.html", form=InspectForm(), found=None)


@bp.post("/tokens/inspect")
@require(session=True)
@responds(Inspected, form=InspectForm, refuses=(422,))
def inspect(principal: Principal) -> ResponseReturnValue:
    """Decode and verify a token, and show whether a request with it would be accepted.

    The token is neither stored nor logged. What is stored about it is shown only for the caller's own tokens.
    """
    form = InspectForm()
    if not form.validate_on_submit():
        return without_storing(refuse_form(form, lambda: render_template("tokens/inspect.html", form=form, found=None)))
    found = inspected(principal, form)
    return without_storing(show(found, "tokens/inspect.html", form=form, found=found))


def without_storing(answer: Response) -> Response:
    answer.headers["Cache-Control"] = "no-store"
    return answer


def inspected(principal: Principal, form: InspectForm) -> Inspected:
    own, text = issuer(), form.token.data or ""
    reading = token_inspection.inspect_token(text, own.ring, issuer_of(text, own=own.url, former=own.former))
    credential_row = service(Authenticators).credential_row(reading.claim.key) if reading.claim else None
    if credential_row is not None and credential_row.user_id != principal.user_id:
        return answer_of(reading, reading.sentence if reading.code else str(ANOTHERS), reading.code)
    refused, caller = admitted(reading, credential_row)
    verdict = None
    if form.path.data:
        ip_address = form.calling_from.data or request.remote_addr
        verdict = (
            refused_verdict(refused)
            if caller is None
            else guard_verdict(caller, form.method.data, form.path_without_query, ip_address)
        )
    sentence = (
        reading.sentence if reading.code == refused else REFUSED.get(refused or "token_invalid", reading.sentence)
    )
    return answer_of(reading, str(sentence), refused, credential_row=credential_row, verdict=verdict)


def admitted(
    reading: TokenReading, credential_row: CredentialRow | None
) -> tuple[ProblemCode | None, Principal | None]:
    """How the guard would decide about a token.

    Returns:
        The problem code of the refusal, or the principal of a request with it.
    """
    if reading.code is not None or reading.claim is None:
        return reading.code or "token_invalid", None
    try:
        caller = principal_from(reading.claim, credential_row, now())
    except NotAccepted as refused:
        return refused.code, None
    return None, caller


def refused_verdict(code: ProblemCode | None) -> GuardVerdict:
    kind = kind_of(code or "token_invalid")
    return GuardVerdict(False, _("It would be refused everywhere. %(reason)s.", reason=kind.title), code)


def guard_verdict(caller: Principal, method: str, path: str, ip_address: str | None) -> GuardVerdict:
    found = try_access(caller, method, path, ip_address)
    at = f"{method} {path}"
    if found is None:
        return GuardVerdict(False, _("%(endpoint)s does not exist. The response would be 404 or 405.", endpoint=at))
    steps = [InspectionStep(str(step.words), step.state) for step in found.steps]
    if found.requirement.is_public:
        return GuardVerdict(True, _("%(endpoint)s is public. No token is needed.", endpoint=at), steps=steps)
    if found.decision is Decision.ALLOW:
        return GuardVerdict(True, _("It gives access to %(endpoint)s.", endpoint=at), steps=steps)
    fix = current_app.config["ORIGIN"] + found.fix if found.fix else None
    sentence = _("It gives no access to %(endpoint)s: %(reason)s.", endpoint=at, reason=WORDS[found.decision])
    return GuardVerdict(False, sentence, CODES[found.decision], steps, fix)


def answer_of(
    reading: TokenReading,
    sentence: str,
    code: ProblemCode | None,
    *,
    credential_row: CredentialRow | None = None,
    verdict: GuardVerdict | None = None,
) -> Inspected:
    is_stored = credential_row is not None and credential_row.credential == "token" and credential_row.grant is not None
    return Inspected(
        sentence=sentence,
        code=code,
        signature=reading.signature,
        header=reading.header,
        claims=reading.claims,
        token=token_by_id(credential_row.user_id, credential_row.credential_id)
        if credential_row and is_stored
        else None,
        summary=(
            summary(credential_row.grant, credential_row.expires_at, catalogue(), zone=zone())
            if credential_row and credential_row.grant and is_stored
            else []
        ),
        verdict=verdict,
    )
