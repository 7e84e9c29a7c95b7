""" "This wasn't me" for API tokens: the link in their mails, which revokes a token without a login."""

from uuid import UUID

import msgspec
from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from webapp.accounts import one_time_links
from webapp.accounts.forms import LinkForm
from webapp.accounts.one_time_links import NOT_MY_TOKEN
from webapp.accounts.views import link_secret
from webapp.accounts.views.request_info import link_problem
from webapp.core.translation import _
from webapp.guard import public
from webapp.tokens import lifecycle, rotation
from webapp.web.api_schema import responds
from webapp.web.problems import Problem
from webapp.web.responses import redirect_or_json
from webapp.web.transaction import database, db

bp = Blueprint("not_my_token", __name__)


class DisavowedToken(msgspec.Struct, frozen=True):
    revoked: int
    """How many tokens: this one and those that replaced it."""


@bp.get("/not-me/token/<secret>")
@public
def open_link(secret: str) -> ResponseReturnValue:
    about(secret)
    link_secret.remember(NOT_MY_TOKEN, secret)
    return redirect(url_for("not_my_token.confirmation_page"), 303)


@bp.get("/not-me/token")
@public
def confirmation_page() -> ResponseReturnValue:
    secret = link_secret.opened(NOT_MY_TOKEN)
    return render_template("accounts/not_my_token.html", name=about(secret), link=secret)


@bp.post("/not-me/token")
@public
@responds(DisavowedToken, form=LinkForm, refuses=(404,))
def end() -> ResponseReturnValue:
    """Revoke the token that a mail was about, and the tokens that replaced it."""
    link = one_time_links.spend(db(), NOT_MY_TOKEN, link_secret.opened(NOT_MY_TOKEN))
    if link is None or link.user_id is None:
        raise dead_link()
    revoked = [
        token_id
        for token_id in rotation.line_of(db(), link.user_id, UUID((link.facts or {})["token_id"]))
        if lifecycle.revoke(db(), link.user_id, token_id, origin="mail")
    ]
    link_secret.drop(NOT_MY_TOKEN)
    return redirect_or_json(url_for("not_my_token.ended"), answer=DisavowedToken(len(revoked)))


@bp.get("/not-me/token/ended")
@public
def ended() -> ResponseReturnValue:
    return render_template("accounts/not_my_token_ended.html")


def about(secret: str) -> str:
    """The name of the token."""
    with database().read() as reading:
        link = one_time_links.find(reading, NOT_MY_TOKEN, secret)
        if link is None or link.user_id is None:
            raise dead_link()
        row = lifecycle.find(reading, link.user_id, UUID((link.facts or {})["token_id"]))
    if row is None:
        raise dead_link()
    return row.entry.name


def dead_link() -> Problem:
    return link_problem(_("It was already used, or it is older than 7 days. Log in and revoke the token on its page."))
