"""The ways in of the table: each is made for an owner, and answers later whether it still works."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tests import factories
from tests.endings.sites import REPORTS, Owner, Works, browser
from tests.login.exchanging import WHOLE
from tests.passkey import Authenticator
from tests.proving import call, claims_for, proof
from tests.script import Script
from tests.second_factors import with_app, with_passkey
from webapp.accounts import address_change, invitations, links, recovery, registration, sign_up
from webapp.accounts.invitations import Wish
from webapp.accounts.links import NOT_ME, UNDO
from webapp.accounts.roles import included_in
from webapp.credentials import lifecycle as credentials
from webapp.kernel.clock import now
from webapp.mfa import factors
from webapp.testing import HTML, as_nobody

HOUR = timedelta(hours=1)
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


def half_login(owner: Owner) -> Works:
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


def opened(owner: Owner, path: str) -> Works:
    """The page of a mailed link, opened with a browser that has never been here."""

    def works() -> bool:
        caller = browser(as_nobody(owner.app))
        caller.sends = HTML
        return caller.get(path).status_code in (200, 303)

    return works


def mailed(owner: Owner, purpose: str, path: str, **facts: Any) -> Works:
    said = {"address": owner.user.email} | facts
    secret = owner.write(lambda db, user: links.make(db, purpose, HOUR, user_id=user.id, **said))
    return opened(owner, f"{path}/{secret}")


def reset_link(owner: Owner) -> Works:
    return opened(owner, owner.write(recovery.link_for))


def verification_link(owner: Owner) -> Works:
    def forget(_db: Any, user: Any) -> None:
        user.email_verified_at = None

    owner.write(forget)
    owner.write(lambda db, user: credentials.end_all(db, user.id))
    return mailed(owner, sign_up.SIGN_UP, "/verify")


def change_link(owner: Owner) -> Works:
    address = f"{owner.user.username}-next@example.org"
    return mailed(owner, address_change.CONFIRM, "/account/email/confirm", address=address)


def undo_link(owner: Owner) -> Works:
    facts = {"was_verified": True, "since": now().isoformat()}
    return mailed(owner, UNDO, "/account/email/undo", facts=facts, replaces=False)


def not_me_link(owner: Owner) -> Works:
    facts = {"what": "new_login", "since": now().isoformat()}
    return mailed(owner, NOT_ME, "/not-me", facts=facts, replaces=False)


def setup_link(owner: Owner) -> Works:
    secret = owner.write(lambda db, _: links.make(db, registration.SETUP, HOUR))
    return opened(owner, f"/setup/{secret}")


def invitation(owner: Owner) -> Works:
    made = owner.write(lambda db, user: invitations.make(db, Wish(), by=user.id, roles=included_in(db, user.role)))
    return opened(owner, made.path)


def kept_form(owner: Owner) -> Works:
    caller = owner.with_session()
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
    caller = owner.other_browser()
    assert owner.log_in(caller).status_code == 200
    owner.logs_out = lambda: caller.post("/logout")
    caller.post("/logout")

    def is_counted_apart() -> bool:
        # Strangers have used up what they may try, so even the right password counts only with the mark.
        owner.write(lambda _db, user: setattr(user, "failed_logins", 50))
        return owner.log_in(caller).status_code == 200

    return is_counted_apart


MAKE: dict[str, Callable[[Owner], Works]] = {
    "session": session,
    "trusted browser": trusted_browser,
    "half login": half_login,
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
    "kept form": kept_form,
    "known-browser mark": known_browser_mark,
}
