"""userinfo_of(): what userinfo says of a user to an app, from one row of few columns."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import Text, bindparam, cast, select

from webapp.accounts.models import User
from webapp.core.compiled_query import CompiledQuery
from webapp.core.db import Database
from webapp.core.driver_statements import DriverStatement, read_only
from webapp.guard import Principal
from webapp.oauth.claims import claims_of
from webapp.oauth.models import OAuthClient
from webapp.oauth.policies import groups_of
from webapp.tokens.claims import ClaimsHook

OF_USER = ("id", "username", "display_name", "email", "email_verified_at", "time_zone", "language")
OF_CLIENT = ("id", "has_pairwise_subjects", "subject_salt", "signs_userinfo", "wants_rs256", "hides_groups")
QUERY = DriverStatement(
    select(
        *(getattr(User, name) for name in OF_USER),
        *(getattr(OAuthClient, name) for name in OF_CLIENT),
        # As text, so that the row can be the key of a cache.
        cast(OAuthClient.group_roles, Text),
    )
    .outerjoin(OAuthClient, OAuthClient.id == bindparam("client_id"))
    .where(User.id == bindparam("user_id"))
)


class UserInfo(NamedTuple):
    claims: dict[str, Any]
    client: OAuthClient | None
    """Read-only and with what ``OF_CLIENT`` names; None for the token of a script."""
    body: bytes
    """The claims as JSON."""


def userinfo_of(database: Database, principal: Principal, hooks: Sequence[ClaimsHook]) -> UserInfo:
    """The claims of a user, by the scopes of their token.

    Raises:
        LookupError: the user was removed meanwhile.
        InvalidClaims
    """
    client_key = principal.grant.client if principal.grant else None
    query = QUERY.compiled_for(database.engine.dialect)
    client_id = client_uuid(client_key) if client_key else None
    row = database.row(query.sql, query.bind(user_id=principal.user_id, client_id=client_id))
    if row is None:
        raise LookupError(principal.user_id)
    if hooks:
        return of_row(query, row, principal.roles, principal.scopes, hooks)
    return cached_userinfo(query, row, principal.roles, principal.scopes)


client_uuid = lru_cache(1024)(UUID)
"""The same few apps ask all day, and parsing takes as long as a small query."""


def of_row(
    query: CompiledQuery,
    row: tuple[Any, ...],
    roles: tuple[str, ...],
    scopes: frozenset[str],
    hooks: Sequence[ClaimsHook] = (),
) -> UserInfo:
    values = query.convert(row)
    user = read_only(User, dict(zip(OF_USER, values, strict=False)))
    found = dict(zip((*OF_CLIENT, "group_roles"), values[len(OF_USER) :], strict=True))
    client = None
    if found["id"] is not None:
        client = read_only(OAuthClient, found | {"group_roles": msgspec.json.decode(found["group_roles"])})
    claims = claims_of(user, groups_of(client, roles), scopes, client, hooks)
    return UserInfo(claims, client, msgspec.json.encode(claims))


cached_userinfo = lru_cache(2048)(of_row)
"""``of_row`` with the last results: it depends on nothing but its arguments, so none is ever out of date."""
