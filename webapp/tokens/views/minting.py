"""A new token: asked for, made, and shown this once."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from flask import Response, current_app, render_template, url_for
from flask.typing import ResponseReturnValue

from webapp.credentials.lifecycle import Proof
from webapp.guard import Principal, refusals, require
from webapp.guard.assurance import level_of
from webapp.guard.authority import Authority
from webapp.guard.policy import Decision, Requirement
from webapp.kernel.clock import now
from webapp.tokens import lifecycle, snippets
from webapp.tokens.forms import NewTokenForm
from webapp.tokens.lifecycle import Issued, Wish
from webapp.tokens.views.blueprint import bp, catalogue, described, issuer, world
from webapp.web.contract import answers
from webapp.web.negotiation import show, wants_page
from webapp.web.problems import Problem
from webapp.web.transaction import db

FRESH = timedelta(minutes=10)
HERE = Requirement(session=True, fresh_within=FRESH)


class NewToken(msgspec.Struct, frozen=True):
    """The one answer that holds a token."""

    id: UUID
    name: str
    access_token: str
    token_type: str
    expires_at: datetime
    expires_in: int
    """Seconds."""
    scope: str


@bp.get("/tokens/new")
@require(session=True, fresh_within=FRESH)
def new(principal: Principal) -> ResponseReturnValue:
    return form_page(NewTokenForm.suggested_by_link(**world(principal)))


@bp.post("/tokens/new")
@require(session=True, fresh_within=FRESH)
@answers(NewToken, form=NewTokenForm, status=201, refuses=(409, 422))
def create(principal: Principal) -> ResponseReturnValue:
    """Mint an API token; it is in this answer, and nowhere else ever again."""
    form = NewTokenForm(**world(principal))
    if not form.validate_on_submit():
        return refused(form)
    scopes = catalogue().check(form.scopes.data or (), principal.roles)
    if (wanted := catalogue().level_for(scopes, current_app.extensions["demands"])) > level_of(principal.amr):
        return refusals.denied(principal, replace(HERE, level=wanted), Decision.RAISE)
    wish = Wish(
        name=form.name.data or "",
        authority=Authority(scopes=scopes),
        lifetime=form.lifetime,
        origin="page",
        once=form.once.data or None,
    )
    try:
        issued = issuer().issue(db(), principal.user_id, wish, Proof(principal.auth_time, principal.amr))
    except lifecycle.AlreadyIssued as error:
        return already_issued(principal, error.token_id)
    except lifecycle.NameTaken:
        form.name.errors = [
            f"You already have a token called {form.name.data}. Choose another name, or revoke that one."
        ]
        return refused(form)
    return reveal(issued)


def refused(form: NewTokenForm) -> ResponseReturnValue:
    if not wants_page():
        raise form.refused()
    return form_page(form, status=422)


def form_page(form: NewTokenForm, *, status: int = 200) -> Response:
    page = render_template(
        "tokens/new.html",
        form=form,
        suggested=form.suggested,
        policy_days=form.longest.days,
    )
    return Response(page, status)


def reveal(issued: Issued) -> Response:
    """Shown here and never again: no redirect, because there is nothing to come back to."""
    token = described(issued.entry.user_id, issued.entry.id)
    url = current_app.config["BASE_URL"] + resource_path(token.scopes)
    answer = NewToken(
        id=token.id,
        name=token.name,
        access_token=issued.token,
        token_type="Bearer",
        expires_at=token.expires_at,
        expires_in=int((token.expires_at - now()).total_seconds()),
        scope=" ".join(token.scopes),
    )
    shown = show(
        answer, "tokens/issued.html", status=201, token=token, secret=issued.token, snippets=snippets.for_resource(url)
    )
    shown.headers["Cache-Control"] = "no-store"
    shown.headers["Vary"] = "Accept, Authorization, Cookie"
    shown.headers["Location"] = url_for("tokens.show", token_id=token.id)
    return shown


def already_issued(principal: Principal, token_id: UUID) -> ResponseReturnValue:
    if not wants_page():
        raise Problem(409, "Already created", "This form has minted its token; it cannot be shown again.")
    return render_template("tokens/again.html", token=described(principal.user_id, token_id)), 409


def resource_path(scopes: list[str]) -> str:
    """An address that these scopes open, to try the token on."""
    addresses = [o.address for name in scopes for o in catalogue().scopes[name].openings if "<" not in o.address]
    reads = [address.removeprefix("GET ") for address in addresses if address.startswith("GET ")]
    return reads[0] if reads else url_for("examples.protected")
