"""The account's blueprint, and what its pages share."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from flask import Blueprint, current_app, request, url_for

from webapp.accounts import browsing
from webapp.accounts.address_change import CONFIRM, Letters
from webapp.accounts.models import User
from webapp.guard import Principal, resource
from webapp.kernel.clock import now
from webapp.mail.post import Post
from webapp.sessions.user_agents import in_words
from webapp.web.problems import Problem
from webapp.web.transaction import db

bp = Blueprint("account", __name__)
resource("profile", "Your profile", reads="Read your name, your sessions, your activity and your dashboard.")

FRESH = timedelta(minutes=10)


def me(principal: Principal) -> User:
    user = browsing.by_id(db(), principal.user_id)
    if user is None:
        raise Problem(404, "There is no such account")
    return user


def sender() -> Callable[..., object]:
    """Mails in this request's transaction, which say when it was asked for, and from where."""
    post: Post = current_app.extensions["post"]
    browser = in_words(request.headers.get("User-Agent", ""))
    return partial(post.send, db(), at=now(), origin=request.remote_addr, browser=browser)


def letters() -> Letters:
    return Letters(sender(), href)


def href(purpose: str, secret: str) -> str:
    # Never from the Host header: a stranger chooses that.
    endpoint = "account.confirm_address_form" if purpose == CONFIRM else "account.undo_address_form"
    base_url: str = current_app.config["BASE_URL"]
    return base_url + url_for(endpoint, secret=secret)
