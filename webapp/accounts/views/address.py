"""Another e-mail address: asked for here, confirmed and undone by links that need no login."""

from datetime import timedelta

import msgspec
from flask import Response, current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from webapp.accounts import address_change
from webapp.accounts.address_change import CONFIRM
from webapp.accounts.closing import UNDO
from webapp.accounts.forms import AddressForm
from webapp.accounts.links import LinkDead
from webapp.accounts.models import Link, User
from webapp.accounts.names import AddressUnfit, checked_address, key_of
from webapp.accounts.registration import AddressTaken
from webapp.accounts.views import profile
from webapp.accounts.views.blueprint import FRESH, bp, letters, me
from webapp.guard import Principal, public, require
from webapp.kernel.ratelimit import Limit, Limiter
from webapp.web.contract import answers
from webapp.web.negotiation import as_json, wants_page
from webapp.web.problems import Problem
from webapp.web.transaction import db

# Each of them mails somebody who may not have asked for it.
ASKED = Limit("address-asked", 5, timedelta(hours=1))


class AddressAsked(msgspec.Struct, frozen=True):
    pending_email: str
    """It counts once the link that was mailed there is followed."""


@bp.post("/account/email")
@require(session=True, fresh_within=FRESH)
@answers(AddressAsked, form=AddressForm, status=202, refuses=(422, 429))
def change_address(principal: Principal) -> ResponseReturnValue:
    """Ask for another e-mail address; a link is mailed there."""
    form = AddressForm()
    if not form.validate_on_submit() or (address := fitting(form)) is None:
        return refused(principal, form)
    take_one(principal)
    user = me(principal)
    if user.email_key == key_of(address) and user.email_verified_at is not None:
        form.email.errors = ["That is your address already."]
        return refused(principal, form)
    address_change.ask(db(), user, address, letters())
    if not wants_page():
        return as_json(AddressAsked(address), status=202)
    flash(f"A link was mailed to {address}. Your address changes when you follow it, within a day.", "ok")
    return redirect(url_for("account.show"), 303)


def fitting(form: AddressForm) -> str | None:
    try:
        return checked_address(form.email.data or "")
    except AddressUnfit as error:
        form.email.errors = [str(error)]
        return None


def take_one(principal: Principal) -> None:
    limiter: Limiter = current_app.extensions["limiter"]
    if (taken := limiter.take(ASKED, str(principal.user_id))).allowed:
        return
    seconds = max(1, int(taken.retry_after.total_seconds()))
    detail = "Five addresses in an hour are enough. Nothing was changed."
    raise Problem(429, "Too many tries", detail, code="throttled", headers={"Retry-After": str(seconds)})


def refused(principal: Principal, form: AddressForm) -> ResponseReturnValue:
    if not wants_page():
        raise form.refused()
    user: User = me(principal)
    return Response(render_template("accounts/account.html", **profile.page(user, profile.form_of(user), form)), 422)


@bp.post("/account/email/cancel")
@require(session=True)
@answers(None, status=204)
def cancel_address(principal: Principal) -> ResponseReturnValue:
    """Forget the address that waits to be confirmed; its link is dead."""
    address_change.cancel(db(), principal.user_id)
    if not wants_page():
        return Response(status=204)
    flash("The link is dead. Your address stays as it is.", "ok")
    return redirect(url_for("account.show"), 303)


@bp.get("/account/email/confirm/<secret>")
@public
def confirm_address_form(secret: str) -> ResponseReturnValue:
    # Only a button changes something: programs that look through mails follow every link.
    return render_template("accounts/confirm_address.html", address=live(CONFIRM, secret).address, secret=secret)


@bp.post("/account/email/confirm/<secret>")
@public
def confirm_address(secret: str) -> ResponseReturnValue:
    try:
        address_change.confirm(db(), secret, letters())
    except LinkDead as error:
        raise dead() from error
    except AddressTaken as error:
        raise taken() from error
    flash("Your address is confirmed.", "ok")
    return redirect(url_for("account.show"), 303)


@bp.get("/account/email/undo/<secret>")
@public
def undo_address_form(secret: str) -> ResponseReturnValue:
    return render_template("accounts/undo_address.html", address=live(UNDO, secret).address, secret=secret)


@bp.post("/account/email/undo/<secret>")
@public
def undo_address(secret: str) -> ResponseReturnValue:
    try:
        address = address_change.undo(db(), secret)
    except LinkDead as error:
        raise dead() from error
    except AddressTaken as error:
        raise taken() from error
    flash(f"Your address is {address} again, and every session has ended. Choose a new password now.", "ok")
    return redirect(url_for("login.new"), 303)


def live(purpose: str, secret: str) -> Link:
    try:
        return address_change.live(db(), purpose, secret)
    except LinkDead as error:
        raise dead() from error


def dead() -> Problem:
    return Problem(404, "This link does not work any more", "It was used, or its time is over. Nothing was changed.")


def taken() -> Problem:
    return Problem(409, "That address cannot be used", "It belongs to another account by now. Nothing was changed.")
