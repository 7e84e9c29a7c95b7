"""TokenPages: whose tokens are created, and the URLs of the pages around it. Tokens of service accounts have others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from flask import url_for

from webapp.guard import Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPages:
    user_id: UUID
    """The user who owns the tokens."""
    roles: Sequence[str]
    """All roles of that user; the tokens have at most their scopes."""
    service: str = ""
    """Name of the service account; empty for tokens of the caller."""
    nav_entry: str = "tokens"
    """Entry of the main navigation that the pages belong to."""
    new_href: Callable[..., str]
    """URL of the form, with query parameters that fill it in."""
    create_href: str
    index_href: str
    show_href: Callable[[UUID], str]
    revoke_href: Callable[[UUID], str]


def own_pages(principal: Principal) -> TokenPages:
    """For tokens of the caller."""
    return TokenPages(
        user_id=principal.user_id,
        roles=principal.roles,
        new_href=lambda **filled: url_for("tokens.new", **filled),
        create_href=url_for("tokens.create"),
        index_href=url_for("tokens.index"),
        show_href=lambda token_id: url_for("tokens.show", token_id=token_id),
        revoke_href=lambda token_id: url_for("tokens.revoke_form", token_id=token_id),
    )
