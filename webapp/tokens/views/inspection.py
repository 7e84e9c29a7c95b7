"""A token taken apart: read, checked, tried at an address, and forgotten."""

import msgspec
from flask import Response, current_app, render_template, request
from flask.typing import ResponseReturnValue

from webapp.core.clock import now
from webapp.guard import Principal, require
from webapp.guard.dry_run import tried
from webapp.guard.login_manager import Authenticators
from webapp.guard.policy import CODES, Decision
from webapp.guard.preferences import zone
from webapp.guard.principal import CredentialRow, NotAccepted, admit
from webapp.tokens import token_inspection
from webapp.tokens.forms import InspectForm
from webapp.tokens.summary import summary
from webapp.tokens.token_inspection import InspectedMember, TokenReading
from webapp.tokens.token_list import Token
from webapp.tokens.views.blueprint import bp, catalogue, issuer, token_by_id
from webapp.web.api_schema import responds
from webapp.web.negotiation import show, wants_page
from webapp.web.problem_codes import ProblemCode
from webapp.web.problem_kinds import kind_of
from webapp.web.registry import service

REFUSED: dict[ProblemCode, str] = {
    "token_revoked": "It was issued here and revoked, or its owner can no longer log in.",
    "token_expired": "It was issued here and has expired.",
    "token_invalid": "It was signed by this site but no longer exists.",
}
ANOTHERS = (
    "It was issued here and its signature is valid. It belongs to another account, so only its owner can see more."
)
WORDS = {
    Decision.NEED_SESSION: "this page needs a browser login and does not accept tokens",
    Decision.OUT_OF_BOUNDS: "the token's limits do not allow this path, method or IP address",
    Decision.NEED_SCOPE: "the token does not have the required permission",
    Decision.NEED_ROLE: "its owner does not have the required role",
    Decision.RAISE: "its owner logged in without the required second factor",
    Decision.STEP_UP: "its owner has not confirmed their identity recently enough",
}


class InspectionStep(msgspec.Struct, frozen=True):
    """One thing that the guard asks: held, missing, or idle where it came to no asking."""

    words: str
    state: str


class GuardVerdict(msgspec.Struct, frozen=True):
    """What would be said at the address."""

    allowed: bool
    sentence: str
    code: str | None = None
    steps: list[InspectionStep] = []
    fix: str | None = None


class Inspected(msgspec.Struct, frozen=True, kw_only=True):
    """What a token says of itself, and what this house says of it."""

    sentence: str
    code: str | None
    """With which the guard would refuse it; null where it stands."""
    signature: str
    """holds, broken, or unchecked where no key of ours is named."""
    header: list[InspectedMember]
    claims: list[InspectedMember]
    token: Token | None
    """Its row, where it is yours."""
    summary: list[str]
    verdict: GuardVerdict | None
    """Where an address was given."""


@bp.get("/tokens/inspect")
@require(session=True)
def inspect_form() -> ResponseReturnValue:
    return render_template("tokens/inspect.html", form=InspectForm(), found=None)


@bp.post("/tokens/inspect")
@require(session=True)
@responds(Inspected, form=InspectForm, refuses=(422,))
def inspect(principal: Principal) -> ResponseReturnValue:
    """Take a token apart: what it says, whether its signature holds, whether it would be let in at an address.

    Nothing of it is stored or logged. What its row says is told of your own tokens alone.
    """
    form = InspectForm()
    if not form.validate_on_submit():
        if not wants_page():
            raise form.refused()
        return forgotten(Response(render_template("tokens/inspect.html", form=form, found=None), 422))
    found = inspected(principal, form)
    return forgotten(show(found, "tokens/inspect.html", form=form, found=found))


def forgotten(answer: Response) -> Response:
    answer.headers["Cache-Control"] = "no-store"
    return answer


def inspected(principal: Principal, form: InspectForm) -> Inspected:
    house = issuer()
    reading = token_inspection.read(form.token.data or "", house.ring, house.url)
    doors = service(Authenticators)
    standing = doors.standing(reading.claim.key) if reading.claim else None
    if standing is not None and standing.user_id != principal.user_id:
        return answer_of(reading, reading.sentence if reading.code else ANOTHERS, reading.code)
    refused, caller = admitted(reading, standing)
    verdict = None
    if form.address.data:
        address = form.calling_from.data or request.remote_addr
        verdict = shut(refused) if caller is None else guard_verdict(caller, form.method.data, form.path, address)
    sentence = (
        reading.sentence if reading.code == refused else REFUSED.get(refused or "token_invalid", reading.sentence)
    )
    return answer_of(reading, sentence, refused, standing=standing, verdict=verdict)


def admitted(reading: TokenReading, standing: CredentialRow | None) -> tuple[ProblemCode | None, Principal | None]:
    """How the guard would refuse a token, and else who would come with it."""
    if reading.code is not None or reading.claim is None:
        return reading.code or "token_invalid", None
    try:
        caller = admit(reading.claim, standing, now())
    except NotAccepted as refused:
        return refused.code, None
    return None, caller


def shut(code: ProblemCode | None) -> GuardVerdict:
    kind = kind_of(code or "token_invalid")
    return GuardVerdict(False, f"It would be refused everywhere: {kind.title[0].lower()}{kind.title[1:]}.", code)


def guard_verdict(caller: Principal, method: str, path: str, address: str | None) -> GuardVerdict:
    found = tried(caller, method, path, address)
    at = f"{method} {path}"
    if found is None:
        return GuardVerdict(False, f"{at} does not exist. The response would be 404 or 405.")
    steps = [InspectionStep(pin.words, pin.state) for pin in found.pins]
    if found.need.is_public:
        return GuardVerdict(True, f"{at} is public. No token is needed.", steps=steps)
    if found.decision is Decision.ALLOW:
        return GuardVerdict(True, f"It gives access to {at}.", steps=steps)
    fix = current_app.config["BASE_URL"] + found.fix if found.fix else None
    return GuardVerdict(
        False, f"It gives no access to {at}: {WORDS[found.decision]}.", CODES[found.decision], steps, fix
    )


def answer_of(
    reading: TokenReading,
    sentence: str,
    code: ProblemCode | None,
    *,
    standing: CredentialRow | None = None,
    verdict: GuardVerdict | None = None,
) -> Inspected:
    is_told = standing is not None and standing.credential == "token" and standing.authority is not None
    return Inspected(
        sentence=sentence,
        code=code,
        signature=reading.signature,
        header=reading.header,
        claims=reading.claims,
        token=token_by_id(standing.user_id, standing.credential_id) if standing and is_told else None,
        summary=(
            summary(standing.authority, standing.expires_at, catalogue(), zone=zone())
            if standing and standing.authority and is_told
            else []
        ),
        verdict=verdict,
    )
