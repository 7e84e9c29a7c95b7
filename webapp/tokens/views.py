"""The API-token page."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from flask import Blueprint, Response, current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from webapp.audit import reading
from webapp.audit.sentences import Happening, told
from webapp.credentials.lifecycle import Proof
from webapp.guard import Principal, require
from webapp.kernel.clock import now
from webapp.tokens import lifecycle, listing, snippets
from webapp.tokens.forms import NewTokenForm
from webapp.tokens.lifecycle import Issued, Issuer, Wish
from webapp.tokens.listing import Token
from webapp.tokens.scopes import Catalogue
from webapp.web.contract import answers
from webapp.web.negotiation import as_json, show, wants_page
from webapp.web.problems import Problem
from webapp.web.query import asked
from webapp.web.transaction import db

bp = Blueprint("tokens", __name__)

FRESH = timedelta(minutes=10)
WORDS_OF_HEALTH = {
    "expires_soon": "expire within 7 days",
    "never_used": "never used",
    "unused": "unused for 90 days",
}


class TokenQuery(msgspec.Struct, frozen=True):
    view: Annotated[Literal["active", "ended"], msgspec.Meta(description="Live ones, or those that ended lately.")] = (
        "active"
    )
    state: Annotated[
        Literal["expires_soon", "never_used", "unused"] | msgspec.UnsetType,
        msgspec.Meta(description="Only those of which this is the first thing worth knowing."),
    ] = msgspec.UNSET
    first: Annotated[int, msgspec.Meta(ge=0, le=10**6, description="How many to leave out at the start.")] = 0


class TokenList(msgspec.Struct, frozen=True):
    tokens: list[Token]
    total: int


class TokenDetails(Token, frozen=True, kw_only=True):
    events: list[Happening]


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


class Count(msgspec.Struct, frozen=True):
    revoked: int


@bp.get("/tokens")
@require(scope="tokens:read")
@answers(TokenList, query=TokenQuery)
def index(principal: Principal) -> ResponseReturnValue:
    """The API tokens of the caller: live ones, or with `view=ended` those that ended in the last 90 days."""
    wanted = asked(TokenQuery)
    is_live, view, state = wanted.view == "active", wanted.view, wanted.state or None
    found = listing.page(db(), principal.user_id, is_live=is_live, state=state, first=wanted.first)
    return show(
        TokenList(found.tokens, found.total),
        "tokens/tokens.html",
        tokens=found.tokens,
        view=view,
        counts=listing.counts(db(), principal.user_id),
        health=health(found) if is_live else [],
        range_words=found.words,
        newer_href=leaf(view, state, found.first - listing.PAGE) if found.first else None,
        older_href=leaf(view, state, found.first + listing.PAGE) if found.has_more else None,
    )


def health(found: listing.Page) -> list[dict[str, object]]:
    return [
        {"count": found.states[state], "words": words, "href": url_for("tokens.index", state=state)}
        for state, words in WORDS_OF_HEALTH.items()
        if found.states[state]
    ]


def leaf(view: str, state: str | None, first: int) -> str:
    return url_for("tokens.index", view=view, state=state, first=max(0, first) or None)


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
    wish = Wish(
        name=form.name.data or "",
        scopes=catalogue().check(form.scopes.data or (), principal.roles),
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


@bp.get("/tokens/<uuid:token_id>", endpoint="show")
@require(scope="tokens:read")
@answers(TokenDetails)
def details(principal: Principal, token_id: UUID) -> ResponseReturnValue:
    """One API token, and what happened to it."""
    token = described(principal.user_id, token_id)
    names = {token.id: token.name}
    events = [told(event, names) for event in reading.of_credential(db(), token_id, user_id=principal.user_id)]
    answer = TokenDetails(**msgspec.structs.asdict(token), events=events)
    return show(answer, "tokens/token.html", token=token, events=events)


@bp.get("/tokens/<uuid:token_id>/revoke")
@require(session=True)
def revoke_form(principal: Principal, token_id: UUID) -> ResponseReturnValue:
    return render_template("tokens/revoke.html", token=described(principal.user_id, token_id))


@bp.post("/tokens/<uuid:token_id>/revoke")
@require(session=True)
@answers(Token)
def revoke(principal: Principal, token_id: UUID) -> ResponseReturnValue:
    """End a token; its next request is refused. Revoking it again changes nothing."""
    is_new = lifecycle.revoke(db(), principal.user_id, token_id)
    token = described(principal.user_id, token_id)
    if not wants_page():
        return as_json(token)
    flash(
        f"{token.name} is revoked. Its next request is refused." if is_new else f"{token.name} was revoked before.",
        "ok",
    )
    return redirect(url_for("tokens.index"), 303)


@bp.get("/tokens/revoke-all")
@require(session=True)
def revoke_all_form(principal: Principal) -> ResponseReturnValue:
    found = listing.page(db(), principal.user_id, is_live=True)
    return render_template("tokens/revoke_all.html", tokens=found.tokens, count=found.total)


@bp.post("/tokens/revoke-all")
@require(session=True)
@answers(Count)
def revoke_all(principal: Principal) -> ResponseReturnValue:
    """End every token of the caller."""
    count = lifecycle.revoke_all(db(), principal.user_id)
    if not wants_page():
        return as_json(Count(count))
    flash(f"{count} tokens are revoked." if count != 1 else "One token is revoked.", "ok")
    return redirect(url_for("tokens.index"), 303)


def described(user_id: UUID, token_id: UUID) -> Token:
    """A token of this user; what belongs to another is not there either."""
    found = lifecycle.find(db(), user_id, token_id)
    if found is None:
        raise Problem(404, "There is no such token", "It was never made, or it is not yours.")
    return listing.described(db(), [found], now())[0]


def resource_path(scopes: list[str]) -> str:
    """An address that these scopes open, to try the token on."""
    addresses = [o.address for name in scopes for o in catalogue().scopes[name].openings if "<" not in o.address]
    reads = [address.removeprefix("GET ") for address in addresses if address.startswith("GET ")]
    return reads[0] if reads else url_for("examples.protected")


def world(principal: Principal) -> dict[str, Any]:
    longest: timedelta = current_app.config["TOKEN_LIFETIME_MAX"]
    return {"catalogue": catalogue(), "roles": principal.roles, "longest": longest}


def catalogue() -> Catalogue:
    found: Catalogue = current_app.extensions["catalogue"]
    return found


def issuer() -> Issuer:
    found: Issuer = current_app.extensions["issuer"]
    return found
