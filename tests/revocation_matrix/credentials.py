"""The credentials and links of the matrix: each is made for an owner, and says later whether it still works."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import time_machine

from tests import factories
from tests.dpop_client import call, claims_for, proof
from tests.login.exchange_calls import WHOLE
from tests.passkey import Authenticator
from tests.revocation_matrix.mailed_links import (
    change_link,
    invitation,
    not_me_link,
    reset_link,
    setup_link,
    undo_link,
    verification_link,
)
from tests.revocation_matrix.sites import REPORTS, Owner, Works
from tests.script import Script
from tests.second_factors import with_app, with_passkey
from webapp.core.clock import now
from webapp.credentials import lifecycle as credentials
from webapp.mfa import factors
from webapp.testing import HTML, HeaderClient

STEP = "/login/second-step"


def session(owner: Owner) -> Works:
    caller = owner.with_session()
    owner.logs_out = lambda: caller.post("/logout")
    return lambda: owner.is_in(caller)


def trusted_browser(owner: Owner) -> Works:
    phone, caller = with_app(owner.app, owner.user), owner.other_browser()
    owner.log_in(caller)
    assert caller.post(STEP, json={"code": phone.code(), "trust": True}).status_code == 200
    owner.logs_out = lambda: caller.post("/logout")

    def spares_the_code() -> bool:
        if owner.write(lambda db, user: not factors.of(db, user.id).has_second):
            # After a reset: only with another app does trust spare anything again.
            with_app(owner.app, owner.user)
        return owner.log_in(caller).status_code == 200

    return spares_the_code


def pending_login(owner: Owner) -> Works:
    phone = with_app(owner.app, owner.user)
    caller = owner.with_session()
    assert owner.log_in(caller).json["code"] == "mfa_required"
    copied = caller.get_cookie("session").value

    def log_out() -> None:
        # By the very browser in which it waits; a copy of its cookie is tried.
        caller.post("/logout")
        caller.set_cookie("session", copied)

    owner.logs_out = log_out
    return lambda: caller.post(STEP, json={"code": phone.code()}).status_code == 200


def script_login(owner: Owner, **headers: str) -> dict[str, Any]:
    said = {"username": owner.user.username, "password": owner.password}
    answer = Script(owner.app).post("/api/auth", json=said, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json


def opens(owner: Owner, token: str) -> bool:
    return Script(owner.app, token).get("/protected").status_code == 200


def access_token(owner: Owner) -> Works:
    token = script_login(owner)["access_token"]
    return lambda: opens(owner, token)


def refresh_token(owner: Owner) -> Works:
    said = {"refresh_token": script_login(owner)["refresh_token"]}
    return lambda: Script(owner.app).post("/api/auth/refresh", json=said).status_code == 200


def bound_token(owner: Owner) -> Works:
    shown = proof(claims_for("POST", "/api/auth", htu="http://localhost/api/auth"))
    token = script_login(owner, DPoP=shown)["access_token"]

    def works() -> bool:
        shown = proof(claims_for(token=token, htu="http://localhost/protected"))
        return call(owner.app, token, shown).status_code == 200

    return works


def token_in_cookie(owner: Owner) -> Works:
    caller = owner.other_browser()
    said = {"username": owner.user.username, "password": owner.password, "cookie": True}
    csrf = caller.post("/api/auth", json=said).json["csrf_token"]
    copied = caller.get_cookie("access_token").value

    def log_out() -> None:
        caller.post("/api/auth/logout", headers={"X-CSRF-Token": csrf})
        caller.set_cookie("access_token", copied)

    owner.logs_out = log_out
    return lambda: owner.is_in(caller)


def api_token(owner: Owner) -> Works:
    token = factories.api_token(owner.app, owner.user).token
    return lambda: opens(owner, token)


def exchanged_token(owner: Owner) -> Works:
    said = WHOLE | {"audience": REPORTS, "subject_token": factories.api_token(owner.app, owner.user).token}
    token = Script(owner.app).post("/api/auth/exchange", json=said).json["access_token"]

    def is_active() -> bool:
        # Whoever asks has a token that was made afterwards.
        asker = factories.user(owner.app, role="admin")
        script = Script(owner.app, factories.api_token(owner.app, asker, "tokens:introspect").token)
        found: bool = script.post("/api/auth/introspect", json={"token": token}).json["active"]
        return found

    return is_active


def passkey_challenge(owner: Owner) -> Works:
    device: Authenticator = with_passkey(owner.app, owner.user)
    caller = owner.other_browser()
    options = caller.get("/login/passkey").json["publicKey"]

    return lambda: caller.post("/login/passkey", json={"response": device.show(options)}).status_code == 200


def kept_form(owner: Owner) -> Works:
    caller = owner.other_browser()
    # Only a login marks the CSRF value with its user.
    assert owner.log_in(caller).status_code == 200
    csrf = caller.get("/login").json["csrf_token"]
    kept = mine(owner)
    owner.write(lambda db, user: credentials.end_all(db, user.id, kind="session", keep=kept))
    fields = {"csrf_token": csrf, "display_name": "Countess"}
    assert caller.post("/account", data=fields, headers=HTML).status_code == 401

    def log_out() -> None:
        owner.log_in(caller)
        caller.post("/logout")

    owner.logs_out = log_out

    def is_offered() -> bool:
        if owner.log_in(caller).status_code != 200:
            return False
        # Whoever has closed the account has to come back first.
        caller.post("/account/keep")
        return "Countess" in caller.get("/login/resume", headers=HTML).text

    return is_offered


def mine(owner: Owner) -> Any:
    """The session in which the owner stays logged in: the first."""
    return owner.write(lambda db, user: min(credentials.live(db, user.id, "session"), key=lambda s: s.created_at).id)


def known_browser_mark(owner: Owner) -> Works:
    caller = logged_in_a_minute_ago(owner)
    return lambda: counts(owner, caller, failed=75)


def known_network(owner: Owner) -> Works:
    caller = logged_in_a_minute_ago(owner)
    neighbour = owner.other_browser()
    neighbour.environ_base = caller.environ_base
    return lambda: counts(owner, neighbour, failed=50)


def logged_in_a_minute_ago(owner: Owner) -> HeaderClient:
    """A browser that is known since, and logged out; a mark counts whole seconds, so not of this very second."""
    caller = owner.other_browser()
    with time_machine.travel(now() - timedelta(minutes=1)):
        assert owner.log_in(caller).status_code == 200
    owner.logs_out = lambda: caller.post("/logout")
    caller.post("/logout")
    return caller


def counts(owner: Owner, caller: HeaderClient, *, failed: int) -> bool:
    """Whether the right password counts after so many wrong ones, more than those who are not known may try."""
    owner.write(lambda _db, user: setattr(user, "failed_logins", failed))
    return owner.log_in(caller).status_code == 200


MAKE: dict[str, Callable[[Owner], Works]] = {
    "session": session,
    "trusted browser": trusted_browser,
    "pending login": pending_login,
    "access token": access_token,
    "refresh token": refresh_token,
    "DPoP-bound token": bound_token,
    "token in a cookie": token_in_cookie,
    "API token": api_token,
    "exchanged token": exchanged_token,
    "passkey challenge": passkey_challenge,
    "reset link": reset_link,
    "verification link": verification_link,
    "e-mail change link": change_link,
    "e-mail undo link": undo_link,
    "not-me link": not_me_link,
    "setup link": setup_link,
    "invitation": invitation,
    "saved form": kept_form,
    "known-browser mark": known_browser_mark,
    "known network": known_network,
}
