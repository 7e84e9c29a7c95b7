"""The restrictions of a token as other services read them: in exchanged tokens and in introspection."""

import msgspec
from msgspec import UNSET, UnsetType

from webapp.guard.token_grant import TokenGrant


class Restrictions(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Left out is what is not restricted. The key of a bound token is in `cnf.jkt` (RFC 9449 §6)."""

    networks: list[str] | UnsetType = UNSET
    """CIDR; a request from another IP address is refused."""
    methods: list[str] | UnsetType = UNSET
    """GET includes HEAD and OPTIONS."""
    paths: list[str] | UnsetType = UNSET
    """Rules of this site's routes, such as `/protected/admin` or `/tokens/<uuid:token_id>`."""
    requests_per_minute: int | UnsetType = UNSET


def restrictions_of(grant: TokenGrant) -> Restrictions | UnsetType:
    """None of them is secret from a service that may introspect the token."""
    if not grant.is_limited:
        return UNSET
    return Restrictions(
        networks=list(grant.networks) or UNSET,
        methods=sorted(grant.methods) or UNSET,
        paths=sorted(grant.resources) or UNSET,
        requests_per_minute=grant.per_minute or UNSET,
    )
