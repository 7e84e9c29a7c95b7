"""effects_of(): what a change of an app would have done to the requests of the last day."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session

from webapp.accounts import user_queries
from webapp.accounts.models import User
from webapp.forward_auth import count_store
from webapp.forward_auth.app_settings import AppSettings
from webapp.forward_auth.checks import AccessDecisions, Verdict
from webapp.forward_auth.counted_checks import ALLOW, CountKey
from webapp.forward_auth.credential_query import StoredCredential
from webapp.forward_auth.models import AccessRule, ProxiedApp
from webapp.forward_auth.original_request import OriginalRequest
from webapp.forward_auth.proxied_apps import AppPolicy, CompiledRule, app_of
from webapp.forward_auth.rule_test import logged_in
from webapp.forward_auth.verdict_sentences import is_open, outcome_of, verdict_sentence
from webapp.guard.principal import CredentialRef
from webapp.guard.token_grant import TokenGrant

MOST_LISTED = 50
ACR = {1: "", 2: "aal2", 3: "phr"}
NETWORK = "network"


class ChangedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Requests of the last day, for which a change would have decided otherwise."""

    method: str
    path: str
    """Pattern; `*` stands for what looks like an id."""
    username: str | None
    """Null for somebody who was not logged in."""
    credential: str
    """`session`, `token` or empty."""
    requests: int
    change: str
    """`refused`, `allowed`, or `network` if that depends on the IP address, which is not kept."""
    sentence: str
    """Why."""


class ChangeEffects(msgspec.Struct, frozen=True, kw_only=True):
    """What a change does to the requests of the last day."""

    replayed: int
    """Requests of the last day that were decided again."""
    refused: int
    """Of these, how many would be refused and were allowed."""
    allowed: int
    """How many would be allowed and were refused."""
    network: int
    """How many would be refused except from the networks of a rule."""
    requests: list[ChangedRequest]
    """At most 50."""


@dataclass(frozen=True, slots=True)
class ReplayedRequest:
    """One kind of request, decided by the rules before and after a change."""

    count_key: CountKey
    user: User | None
    before: Verdict
    after: Verdict

    @property
    def change(self) -> str:
        """The kind of change; empty for none."""
        was_allowed, after = self.count_key.outcome == ALLOW, outcome_of(self.after)
        # For networks, only the outcome at that time is known, because no IP address is kept.
        was_open = was_allowed if outcome_of(self.before) == NETWORK else is_open(self.before)
        if was_allowed and was_open and after == NETWORK:
            return "" if networks_of(self.before) == networks_of(self.after) else NETWORK
        if was_allowed and was_open and not is_open(self.after):
            return "refused"
        return "allowed" if not was_allowed and not was_open and is_open(self.after) else ""


def networks_of(verdict: Verdict) -> tuple[str, ...]:
    return verdict.rule.networks if verdict.rule is not None else ()


def effects_of(
    db: Session, decisions: AccessDecisions, row: ProxiedApp, before: AppSettings, after: AppSettings
) -> ChangeEffects:
    """Compare the decisions on the last day's counted requests before and after a change of an app.

    Args:
        after: checked.
    """
    counts = {one: requests for one, requests in count_store.last_day(db, row.id).items() if one.path}
    callers = KnownCallers(db, row.id, counts)
    apps = applied(row, before), applied(row, after)
    found = [
        ReplayedRequest(one, callers.user(one), *(callers.decided(decisions, app, one) for app in apps))
        for one in counts
    ]
    changed = [(one, one.change, counts[one.count_key]) for one in found if one.change]
    sums = {kind: sum(requests for _one, change, requests in changed if change == kind) for kind in KINDS}
    entries = [entry_of(one, change, requests) for one, change, requests in changed[:MOST_LISTED]]
    return ChangeEffects(replayed=sum(counts.values()), requests=entries, **sums)


KINDS = "refused", "allowed", NETWORK


def entry_of(one: ReplayedRequest, change: str, requests: int) -> ChangedRequest:
    return ChangedRequest(
        method=one.count_key.method,
        path=one.count_key.path,
        username=one.user.username if one.user else None,
        credential=one.count_key.kind,
        requests=requests,
        change=change,
        sentence=verdict_sentence(one.after),
    )


def applied(row: ProxiedApp, desired: AppSettings) -> AppPolicy:
    """The app as the check would see it with these settings; nothing is stored."""
    app_row = ProxiedApp(
        id=row.id, slug=row.slug, name=desired.name, roles=list(desired.roles), people=list(desired.people)
    )
    rules: Sequence[AccessRule] = [AccessRule(**asdict(rule)) for rule in desired.rules]
    return app_of(app_row, desired.hosts, rules)


class KnownCallers:
    """Who sent the requests that were counted, as they would be found now; read once for each user."""

    def __init__(self, db: Session, app_id: UUID, counts: Iterable[CountKey]) -> None:
        self._db, self._app_id = db, app_id
        users = user_queries.by_ids(db, {UUID(int=one.user) for one in counts if one.user})
        self._users = {user.id.int: user for user in users}
        self._found: dict[tuple[int, int], StoredCredential] = {}

    def user(self, count_key: CountKey) -> User | None:
        return self._users.get(count_key.user)

    def found(self, user: User, count_key: CountKey, scope: str) -> StoredCredential:
        key = count_key.user, count_key.level
        if key not in self._found:
            self._found[key] = logged_in(self._db, self._app_id, user, ACR.get(count_key.level, ""))
        found = self._found[key]
        if count_key.kind == "session":
            return found
        # For a token, only whether it had the scope of the app is known.
        scopes = frozenset[str]() if count_key.outcome == "scope_required" else frozenset({scope})
        return found._replace(row=found.row._replace(credential="token", grant=TokenGrant(scopes=scopes)))

    def decided(self, decisions: AccessDecisions, app: AppPolicy, count_key: CountKey) -> Verdict:
        """The verdict about requests that were counted."""
        original = OriginalRequest(count_key.method, "https", app.hosts[0], count_key.path, "")
        user = self.user(count_key)

        def read(rule: CompiledRule) -> CredentialRef | None:
            if user is None or (count_key.kind == "token" and rule.authorization == "app"):
                return None
            return CredentialRef("", "token" if count_key.kind == "token" else "session")

        def find(_credential: CredentialRef, app: AppPolicy, _original: OriginalRequest) -> StoredCredential | None:
            return self.found(user, count_key, app.scope) if user is not None else None

        return decisions.verdict(app, original, {}, None, read, find)
