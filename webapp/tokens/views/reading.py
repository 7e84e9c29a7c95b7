"""Which tokens there are, and what happened to each."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from flask import url_for
from flask.typing import ResponseReturnValue

from webapp.audit import reading as events_of
from webapp.audit.sentences import Happening, told
from webapp.guard import Principal, require
from webapp.tokens import listing, script_logins
from webapp.tokens.listing import Token
from webapp.tokens.script_logins import ScriptLogin
from webapp.tokens.views.blueprint import bp, described
from webapp.web.contract import answers
from webapp.web.negotiation import show
from webapp.web.query import asked
from webapp.web.transaction import db

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
    script_logins: list[ScriptLogin]
    """Scripts that are logged in by themselves, whatever the view; the newest first."""


class TokenDetails(Token, frozen=True, kw_only=True):
    events: list[Happening]


@bp.get("/tokens")
@require(scope="tokens:read")
@answers(TokenList, query=TokenQuery)
def index(principal: Principal) -> ResponseReturnValue:
    """The API tokens of the caller: live ones, or with `view=ended` those that ended in the last 90 days."""
    wanted = asked(TokenQuery)
    is_live, view, state = wanted.view == "active", wanted.view, wanted.state or None
    found = listing.page(db(), principal.user_id, is_live=is_live, state=state, first=wanted.first)
    logins = script_logins.live(db(), principal.user_id)
    return show(
        TokenList(found.tokens, found.total, logins),
        "tokens/tokens.html",
        script_logins=logins,
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


@bp.get("/tokens/<uuid:token_id>", endpoint="show")
@require(scope="tokens:read")
@answers(TokenDetails)
def details(principal: Principal, token_id: UUID) -> ResponseReturnValue:
    """One API token, and what happened to it."""
    token = described(principal.user_id, token_id)
    names = {token.id: token.name}
    events = [told(event, names) for event in events_of.of_credential(db(), token_id, user_id=principal.user_id)]
    answer = TokenDetails(**msgspec.structs.asdict(token), events=events)
    return show(answer, "tokens/token.html", token=token, events=events)
