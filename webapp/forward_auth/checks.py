"""ForwardAuth: decides about a request that a reverse proxy asks about, with the guard's own ``decide``."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from webapp.core.clock import now
from webapp.core.db import Database
from webapp.core.keys import KeyRing
from webapp.forward_auth.credential_query import CredentialQuery, StoredCredential
from webapp.forward_auth.identity_headers import IdentityHeaders
from webapp.forward_auth.original_request import OriginalRequest
from webapp.forward_auth.proxied_apps import AppPolicy, AppsByHost, CompiledRule, ProxiedApps
from webapp.forward_auth.rules import NoRule, is_preflight, match
from webapp.guard.assurance import Demands
from webapp.guard.policy import Decision, Requirement, decide
from webapp.guard.principal import CredentialRef, NotAccepted, Principal, principal_from
from webapp.guard.token_grant import Call, is_within

ReadCredential = Callable[[CompiledRule], CredentialRef | None]
"""Reads the credential that a rule accepts, a token or the cookie of the host; raises ``NotAccepted``."""
FindCredential = Callable[[CredentialRef, AppPolicy, OriginalRequest], StoredCredential | None]
"""Finds what is stored about a credential."""


ALLOWED = Decision.ALLOW
"""Each attribute of an enum is looked up in Python, and each check pays for it."""


class Verdict(NamedTuple):
    """The decision about a request, with what led to it."""

    decision: Decision | None
    """None if there was nothing to decide about: ``reason`` says why it is refused, or ``error``."""
    app: AppPolicy | None = None
    rule: CompiledRule | None = None
    principal: Principal | None = None
    found: StoredCredential | None = None
    requirement: Requirement | None = None
    reason: str = ""
    """For the log, if no rule allows it."""
    error: NotAccepted | None = None
    """The credential that was shown is not accepted."""

    @property
    def is_allowed(self) -> bool:
        return self.decision is ALLOWED


class AccessDecisions:
    """Decides by the rules of an app. It needs no request, so that decisions can also be previewed.

    Args:
        demands: of the settings.
    """

    def __init__(self, demands: Demands) -> None:
        self._demands = demands

    def verdict(
        self,
        app: AppPolicy | None,
        original: OriginalRequest,
        environ: dict[str, object],
        ip_address: str | None,
        read: ReadCredential,
        find: FindCredential,
    ) -> Verdict:
        """The decision about one request.

        Args:
            app: None if no app has the host.
            environ: headers of the client in the form of WSGI.
            ip_address: its IP address.
        """
        if app is None:
            return Verdict(None, reason="no app has this host")
        try:
            rule = match(app, original, environ)
        except NoRule as error:
            return Verdict(None, app, reason=str(error))
        if rule.networks and not is_within(ip_address, rule.networks):
            return Verdict(None, app, rule, reason=f"rule {rule.number} is not for this network")
        if rule.requirement.is_public or (rule.allows_preflight and is_preflight(original, environ)):
            return Verdict(ALLOWED, app, rule)
        try:
            credential = read(rule)
        except NotAccepted as error:
            return Verdict(None, app, rule, error=error)
        if credential is None:
            return Verdict(Decision.LOG_IN, app, rule, requirement=rule.requirement)
        moment = now()
        found = find(credential, app, original)
        try:
            principal = principal_from(credential, found.row if found else None, moment)
        except NotAccepted as error:
            return Verdict(None, app, rule, found=found, error=error)
        is_limited = principal.grant is not None and principal.grant.is_limited
        call = Call(original.method, app.scope, ip_address) if is_limited else None
        until = found.granted_until if found else None
        decision, requirement = self.decide_for(rule, principal, until, moment, call)
        return Verdict(decision, app, rule, principal, found, requirement)

    def decide_for(
        self,
        rule: CompiledRule,
        principal: Principal,
        granted_until: datetime | None,
        moment: datetime,
        call: Call | None,
    ) -> tuple[Decision, Requirement]:
        """The decision about a caller under a rule, and the requirement that it was made by.

        Args:
            granted_until: when their access to the app ends, if it was granted for a time.
            call: for the restrictions of a token; None to ignore these.
        """
        is_granted = granted_until is not None and granted_until > moment
        requirement = self.raised(rule.requirement_if_granted if is_granted else rule.requirement, principal)
        return decide(principal, requirement, moment, call), requirement

    def raised(self, requirement: Requirement, principal: Principal) -> Requirement:
        """The requirement of a rule, raised to what the settings demand."""
        if self._demands:
            requirement = requirement.raised_by(self._demands, principal)
            # Also where the rule accepts no tokens, in which the guard does not look at scopes.
            level = self._demands.of_scopes(requirement.scopes.names)
            requirement = requirement if level <= requirement.level else replace(requirement, level=level)
        return requirement


class ForwardAuth:
    """The forward-auth check: decides about requests that a reverse proxy asks about; one per process."""

    def __init__(self, database: Database, ring: KeyRing, issuer: str, demands: Demands) -> None:
        self.apps = ProxiedApps(database)
        self.query = CredentialQuery(database)
        self.identity = IdentityHeaders(ring, issuer)
        self.decisions = AccessDecisions(demands)

    def table(self) -> AppsByHost:
        """The apps as they are now."""
        return self.apps.table(self.query.version())

    def check(
        self, original: OriginalRequest, environ: dict[str, object], ip_address: str | None, read: ReadCredential
    ) -> Verdict:
        """Decide about a request.

        Args:
            environ: headers of the client in the form of WSGI.
            ip_address: its IP address.
            read: of the present request.
        """
        table = self.apps.last_read()
        while True:
            app = table.by_host.get(original.host)
            verdict = self.decisions.verdict(app, original, environ, ip_address, read, self._find)
            version = verdict.found.version if verdict.found else self.query.version()
            if (version or 0) == table.version:
                return verdict
            # An app has changed: decide again, by its present rules.
            table = self.apps.table(version)

    def _find(self, credential: CredentialRef, app: AppPolicy, original: OriginalRequest) -> StoredCredential | None:
        if credential.kind == "token":
            return self.query.by_token(credential.key, app.id)
        return self.query.by_cookie(credential.key, app.id, original.host)
