"""/admin/clients/ID/test: an administrator logs in to an app as its users do, and sees what it would learn."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from webapp.accounts import user_lookup
from webapp.admin.views.clients.blueprint import bp, client_of
from webapp.admin.views.permissions import admin_grant
from webapp.core.clock import now
from webapp.core.pkce import challenge_of
from webapp.core.translation import _
from webapp.credentials import sids
from webapp.credentials.lifecycle import AuthenticationProof
from webapp.guard import Principal, require
from webapp.oauth import codes, pushed_requests, set_up
from webapp.oauth.claim_descriptions import CLAIM_WORDS, words_of
from webapp.oauth.claims import claims_of
from webapp.oauth.codes import Redemption
from webapp.oauth.grants.user_login import UserLogin, id_token_of
from webapp.oauth.models import AuthorizationCode, OAuthClient
from webapp.oauth.policies import groups_of
from webapp.oauth.scopes import OPENID
from webapp.oauth.trial_login import Trial, TrialLogin, callback_of
from webapp.oauth.views.blueprint import issuer, token_service
from webapp.oauth.views.trial_login import trial_of
from webapp.verify import read
from webapp.web.api_schema import responds
from webapp.web.problems import Action, Problem
from webapp.web.query_params import parse_query
from webapp.web.registry import service
from webapp.web.responses import redirect_or_json
from webapp.web.transaction import database, db


class TrialStart(msgspec.Struct, frozen=True):
    """Where a browser goes for the login."""

    url: str


class TrialResponse(msgspec.Struct, frozen=True):
    """The parameters of an authorization response (RFC 6749 §4.1.2, RFC 9207)."""

    state: str = ""
    code: str = ""
    error: str = ""
    error_description: str = ""
    iss: str = ""


class ClaimSeen(msgspec.Struct, frozen=True):
    """One claim, where it is and what it says."""

    name: str
    value: str
    is_in_id_token: bool
    is_in_userinfo: bool
    sentence: str


@bp.post("/admin/clients/<uuid:client_id>/test")
@admin_grant()
@responds(TrialStart, refuses=(404, 409))
def begin_test(principal: Principal, client_id: UUID) -> ResponseReturnValue:
    """Begin a login to an app that ends here, with what the app would learn of you. The app is not asked."""
    client, sid = client_of(client_id), sids.sid_of(db(), principal.credential_id)
    if client.disabled_at is not None or sid is None:
        raise Problem(409, _("The app is disabled"), _("Enable it before you test it."))
    query = request_of(client, service(TrialLogin).begin(client.id, sid, now()))
    if client.require_pushed_authorization_requests:
        query = urlencode({"client_id": client.id, "request_uri": pushed_requests.push(db(), client, query)})
    url = f"{url_for('oauth.authorize')}?{query}"
    return redirect_or_json(url, answer=TrialStart(url))


def request_of(client: OAuthClient, trial: Trial) -> str:
    """The authorization request that the app would send, except for its redirect URI."""
    return urlencode(
        {
            "response_type": "code",
            "client_id": client.id,
            "redirect_uri": callback_of(issuer(), client.id),
            "scope": set_up.recipe_of(client).scopes,
            "state": trial.state,
            "nonce": trial.nonce,
            "code_challenge": challenge_of(trial.code_verifier),
            "code_challenge_method": "S256",
        }
    )


@bp.get("/admin/clients/<uuid:client_id>/test/callback")
@require(role="admin", session=True)
def finish_test(principal: Principal, client_id: UUID) -> ResponseReturnValue:
    """The end of a login that ``test`` began. The browser gets no token, only what it says."""
    client, response = client_of(client_id), parse_query(TrialResponse)
    with database().write() as writing:
        trial = trial_of(writing, client.id, response.state, principal)
        code = redeemed(writing, client, trial, response) if trial is not None and response.code else None
        claims = claims_seen(writing, client, code) if code is not None else []
    if trial is None or not (claims or response.error):
        back = Action(client.name, url_for("admin_clients.show", client_id=client.id))
        detail = _("It was started in another session, is too old, or was shown before. Start the test again.")
        raise Problem(400, _("This test is over"), detail, actions=(back,))
    scopes = code.scopes if code is not None else []
    return render_template("admin/clients/test.html", client=client, claims=claims, scopes=scopes, response=response)


def redeemed(db: Session, client: OAuthClient, trial: Trial, response: TrialResponse) -> AuthorizationCode | None:
    presented = Redemption(response.code, callback_of(issuer(), client.id), trial.code_verifier)
    return codes.redeem(db, client, presented)


def claims_seen(db: Session, client: OAuthClient, code: AuthorizationCode) -> list[ClaimSeen]:
    """What the app would read, from an ID token that is made and dropped; no login to the app begins."""
    user, roles = user_lookup.with_roles(db, code.user_id)
    if user is None:
        return []
    proof = AuthenticationProof(code.auth_time, code.amr)
    login = UserLogin(client, user, roles, code.scopes, code.session_id, proof, code.nonce)
    key = token_service().keys.ring(is_rs256=client.wants_rs256).current()
    in_token: dict[str, Any] = read(id_token_of(token_service(), login, key))[1] if OPENID in code.scopes else {}
    in_userinfo = claims_of(user, groups_of(client, roles), code.scopes, client, token_service().issuer.hooks)
    return [
        ClaimSeen(name, words_of(name, value), name in in_token, name in in_userinfo, str(CLAIM_WORDS.get(name, "")))
        for name, value in (in_userinfo | in_token).items()
    ]
