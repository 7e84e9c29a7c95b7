"""RuleTest: what the rules of an app decide about a request of a user or token, without that request."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session

from webapp.accounts import roles, user_queries
from webapp.accounts.models import User
from webapp.core.clock import now
from webapp.core.translation import _
from webapp.forward_auth import grants, lifecycle, verdict_sentences
from webapp.forward_auth.app_settings import InvalidAppSettings, checked_host
from webapp.forward_auth.checks import AccessDecisions, Verdict
from webapp.forward_auth.credential_query import CredentialQuery, StoredCredential
from webapp.forward_auth.models import AccessRule, ProxiedApp
from webapp.forward_auth.original_request import METHOD, URI, OriginalRequest
from webapp.forward_auth.proxied_apps import AppPolicy, CompiledRule, app_of
from webapp.guard.principal import CredentialRef, CredentialRow
from webapp.tokens import lifecycle as tokens

AMR = {"": "pwd", "aal2": "pwd otp", "phr": "hwk user"}
"""How somebody is logged in, by the ``acr`` that it reaches."""
NO_CREDENTIAL = UUID(int=0)


class InvalidTestRequest(Exception):
    """The request cannot be tested. The message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who sends the request; with neither user nor token, nobody."""

    user: User | None = None
    token_id: UUID | None = None
    acr: str = ""
    """Level that the login of the user has reached: empty, ``aal2`` or ``phr``."""
    ip_address: str | None = None
    """IP address."""


def caller_called(db: Session, person: str, token: str, *, acr: str = "", ip_address: str = "") -> Caller:
    """Look up the user and the token that a rule test is made for.

    Args:
        person: user name or e-mail address; empty for nobody, or for a token that is named by its id.
        token: its name, or its id.

    Raises:
        InvalidTestRequest
    """
    user = user_queries.by_name_or_email(db, person) if person else None
    if person and user is None:
        raise InvalidTestRequest(_("There is no user named %(name)s.", name=person))
    if not token:
        return Caller(user=user, acr=acr, ip_address=ip_address or None)
    token_id = id_in(token) or (tokens.id_called(db, user.id, token) if user else None)
    owner_id = tokens.owner_of(db, token_id) if token_id else None
    if owner_id is None or (user is not None and owner_id != user.id):
        raise InvalidTestRequest(_("There is no such token. Enter its ID, or its name and its owner."))
    return Caller(user=user_queries.by_id(db, owner_id), token_id=token_id, ip_address=ip_address or None)


def id_in(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def request_to(app: AppPolicy, method: str, url: str) -> OriginalRequest:
    """Build the request of a rule test from a method and a URL or path.

    Args:
        url: of a page of the app, or its path.

    Raises:
        InvalidTestRequest
    """
    method = method.upper()
    if not METHOD.fullmatch(method):
        raise InvalidTestRequest(_("The method is a word such as GET."))
    full_url = f"https://{app.hosts[0]}{url}" if url.startswith("/") else url
    try:
        parts = urlsplit(full_url)
        host = checked_host(f"{parts.scheme}://{parts.netloc}")
    except (InvalidAppSettings, ValueError):
        host = ""
    if host not in app.hosts:
        raise InvalidTestRequest(
            _("The URL belongs to another app. Enter a path such as /admin, or a URL of %(host)s.", host=app.hosts[0])
        )
    path = full_url.split(parts.netloc, 1)[1].partition("#")[0] or "/"
    if not URI.fullmatch(path):
        raise InvalidTestRequest(_("The URL has spaces or letters that a browser would escape."))
    raw_path, _mark, query = path.partition("?")
    return OriginalRequest(method, parts.scheme, host, raw_path, query)


def app_as_applied(db: Session, row: ProxiedApp, rules: Sequence[AccessRule] | None = None) -> AppPolicy:
    """The app as the check sees it, also if it is disabled.

    Args:
        rules: instead of those that are stored.
    """
    return app_of(row, lifecycle.hosts_of(db, row), lifecycle.rules_of(db, row) if rules is None else rules)


class RuleTestOutcome(msgspec.Struct, frozen=True, kw_only=True):
    allowed: bool
    outcome: str
    """`allow`, the code of the refusal, `no_rule`, `network`, or `disabled` for an app that is disabled."""
    sentence: str
    rule: int | None
    """Number of the rule that applies; null for none."""
    where: str
    """Its methods and path."""
    reason: str
    """What the log says, if no rule allows it."""


class RuleTest:
    """Decides a made-up request to an app as the proxy's check would, without a proxy or a login.

    Args:
        decisions: which also decide about the requests of the proxy.
        query: which also finds the tokens of these.
    """

    __test__ = False

    def __init__(self, decisions: AccessDecisions, query: CredentialQuery) -> None:
        self._decisions, self._query = decisions, query

    def verdict(self, db: Session, app: AppPolicy, original: OriginalRequest, caller: Caller) -> Verdict:
        """What the check would decide."""

        def read(rule: CompiledRule) -> CredentialRef | None:
            if caller.token_id is not None:
                # The header with the token is not read where it is the app's own.
                return None if rule.authorization == "app" else CredentialRef(caller.token_id.hex, "token")
            return CredentialRef("", "session") if caller.user is not None else None

        def find(credential: CredentialRef, app: AppPolicy, _original: OriginalRequest) -> StoredCredential | None:
            if credential.kind == "token":
                return self._query.by_token(credential.key, app.id)
            return (
                logged_in(db, app.id, caller.user, caller.acr) if caller.user and not caller.user.is_service else None
            )

        return self._decisions.verdict(app, original, {}, caller.ip_address, read, find)


def logged_in(db: Session, app_id: UUID, user: User, acr: str) -> StoredCredential:
    """What would be stored if the user had just logged in.

    Args:
        acr: that the login reaches: empty, ``aal2`` or ``phr``.
    """
    moment = now()
    row = CredentialRow(
        user_id=user.id,
        username=user.username,
        roles=roles.included_in(db, user.role),
        credential="session",
        credential_id=NO_CREDENTIAL,
        expires_at=moment + timedelta(hours=1),
        auth_time=moment,
        amr=AMR[acr],
        disabled_at=user.disabled_at,
        closes_at=user.closes_at,
    )
    until = grants.granted_until(db, user.id, app_id)
    return StoredCredential(row, user.email, user.email_verified_at, user.display_name, until, None)


def outcome_for(verdict: Verdict, row: ProxiedApp) -> RuleTestOutcome:
    rule, is_disabled = verdict.rule, row.disabled_at is not None
    sentence = _("The app is disabled, so every request is refused.")
    methods = ", ".join(sorted(rule.methods)) if rule else ""
    return RuleTestOutcome(
        allowed=verdict_sentences.is_open(verdict) and not is_disabled,
        outcome="disabled" if is_disabled else verdict_sentences.outcome_of(verdict),
        sentence=sentence if is_disabled else verdict_sentences.verdict_sentence(verdict),
        rule=rule.number if rule else None,
        where=f"{methods} {rule.pattern.text}".strip() if rule else "",
        reason=verdict.reason,
    )
