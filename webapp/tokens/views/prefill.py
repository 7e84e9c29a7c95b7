"""What a new token takes over from one that its reader has: "like this one, plus …"."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import request

from webapp.core.clock import NEVER
from webapp.tokens import lifecycle
from webapp.tokens.forms.create import PRESETS
from webapp.tokens.issuing import LONGEST
from webapp.tokens.lifecycle import TokenRow
from webapp.web.transaction import db


def like(user_id: UUID) -> dict[str, Any]:
    """The fields of the token that the address names by ``from``; none where it is not this user's."""
    try:
        found = lifecycle.find(db(), user_id, UUID(request.args.get("from", "")))
    except ValueError:
        return {}
    return fields_of(found) if found else {}


def fields_of(row: TokenRow) -> dict[str, Any]:
    authority = row.credential.authority
    if authority is None:
        return {}
    return {
        "name": row.entry.name,
        "note": row.entry.note,
        "scopes": sorted(authority.scopes),
        "resources": sorted(authority.resources),
        "methods": sorted(authority.methods),
        "networks": list(authority.networks),
        "per_minute": authority.per_minute,
        "expires_in": nearest(row),
    }


def free(user_id: UUID, name: str) -> str:
    """The name, or the next of its row that no live token of this user has."""
    taken = lifecycle.taken_names(db(), user_id)
    while name.casefold() in taken:
        name = another(name)
    return name


def another(name: str) -> str:
    """The next name of a row: "laptop", "laptop 2", "laptop 3"."""
    stem, number = re.fullmatch(r"(.*?)(?: (\d{1,4}))?", name, re.DOTALL).groups()  # type: ignore[union-attr]  # all of it is optional
    ending = f" {int(number or 1) + 1}"
    return stem[: LONGEST - len(ending)] + ending


def nearest(row: TokenRow) -> str | None:
    if row.credential.expires_at >= NEVER:
        # Why that has no end is no reason for another.
        return None
    lifetime = row.credential.expires_at - row.credential.created_at
    return str(min(PRESETS, key=lambda seconds: abs(timedelta(seconds=seconds) - lifetime)))
