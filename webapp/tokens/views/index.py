"""/tokens: list of API tokens and script logins, and details of one token."""

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from flask import request, url_for
from flask.typing import ResponseReturnValue

from webapp.core.clock import now
from webapp.core.translation import _, _n
from webapp.guard import Principal, require
from webapp.guard.preferences import zone
from webapp.tokens import script_logins, token_list
from webapp.tokens.editing import terms_of
from webapp.tokens.scopes import Catalogue
from webapp.tokens.script_logins import ScriptLogin
from webapp.tokens.summary import summary
from webapp.tokens.token_details import TokenDetails, describe_token
from webapp.tokens.token_list import Token
from webapp.tokens.views.blueprint import bp, catalogue, token_or_404
from webapp.web.api_schema import responds
from webapp.web.known_fields import reads
from webapp.web.negotiation import show, wants_page
from webapp.web.query_params import parse_query
from webapp.web.registry import service
from webapp.web.transaction import db

# Labels after the number of tokens in each state.
WORDS_OF_HEALTH: dict[str, Callable[[int], str]] = {
    "expires_soon": lambda count: _n("expires within 7 days", "expire within 7 days", count),
    "unused": lambda _count: _("unused for 90 days"),
    token_list.WIDE: lambda count: _n("allows everything", "allow everything", count),
    "never_used": lambda _count: _("never used"),
    "rotated": lambda count: _n("is being replaced", "are being replaced", count),
}
# Interval of reloads while the page waits for the first request, and for how long.
AGAIN, AT_MOST = 3, timedelta(minutes=10)


class TokenQuery(msgspec.Struct, frozen=True):
    view: Annotated[
        Literal["active", "ended"],
        msgspec.Meta(description="Active tokens, or those that expired or were revoked in the last 90 days."),
    ] = "active"
    state: Annotated[
        Literal["expires_soon", "never_used", "unused", "allows_all", "rotated"] | msgspec.UnsetType,
        msgspec.Meta(description="Only tokens in this state."),
    ] = msgspec.UNSET
    first: Annotated[int, msgspec.Meta(ge=0, le=10**6, description="Number of tokens to skip.")] = 0


class TokenList(msgspec.Struct, frozen=True):
    tokens: list[Token]
    total: int
    script_logins: list[ScriptLogin]
    """Script logins, newest first, in every view."""


@bp.get("/tokens")
@require(scope="tokens:read")
@responds(TokenList, query=TokenQuery)
def index(principal: Principal) -> ResponseReturnValue:
    """The caller's API tokens: live ones, or with `view=ended` those that ended in the last 90 days."""
    query = parse_query(TokenQuery)
    is_live, view, state = query.view == "active", query.view, query.state or None
    held_scopes = frozenset(service(Catalogue).held_by(principal.roles))
    leaves = token_list.token_page(
        db(), principal.user_id, is_live=is_live, state=state, first=query.first, all_scopes=held_scopes
    )
    logins = script_logins.live(db(), principal.user_id)
    return show(
        TokenList(leaves.tokens, leaves.total, logins),
        "tokens/tokens.html",
        script_logins=logins,
        tokens=leaves.tokens,
        view=view,
        state=state,
        counts=token_list.counts(db(), principal.user_id),
        health=state_counts(leaves) if is_live else [],
        range_words=leaves.words,
        newer_href=page_url(view, state, leaves.first - token_list.PAGE) if leaves.first else None,
        older_href=page_url(view, state, leaves.first + token_list.PAGE) if leaves.has_more else None,
    )


def state_counts(found: token_list.TokenPage) -> list[dict[str, object]]:
    return [
        {
            "count": found.states[state],
            "words": words(found.states[state]),
            "href": url_for("tokens.index", state=state),
        }
        for state, words in WORDS_OF_HEALTH.items()
        if found.states[state]
    ]


def page_url(view: str, state: str | None, first: int) -> str:
    return url_for("tokens.index", view=view, state=state, first=max(0, first) or None)


@bp.get("/tokens/<uuid:token_id>", endpoint="show")
@require(scope="tokens:read")
@responds(TokenDetails)
@reads("wait")
def details(principal: Principal, token_id: UUID) -> ResponseReturnValue:
    """One API token: its terms, use and refusals."""
    row = token_or_404(principal.user_id, token_id)
    token = describe_token(db(), row, catalogue())
    terms = terms_of(row)
    response = show(
        token,
        "tokens/token.html",
        token=token,
        summary=summary(terms.grant, terms.expires_at, catalogue(), zone=zone()),
        reason=row.entry.reason,
        waits=polls_for_first_use(token),
        most=max(day.requests for day in token.days),
    )
    if polls_for_first_use(token):
        # For browsers without JavaScript, and only while the page waits for the first request.
        response.headers["Refresh"] = str(AGAIN)
    return response


def polls_for_first_use(token: TokenDetails) -> bool:
    is_young = now() - token.created_at < AT_MOST
    return "wait" in request.args and wants_page() and token.last_used_at is None and token.is_live and is_young
