"""Fill in the form for a new token with the terms of an existing one: "Create one like this"."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import request

from webapp.core.clock import NEVER
from webapp.tokens import lifecycle
from webapp.tokens.forms import NewTokenForm
from webapp.tokens.forms.create import PRESETS, SEVERAL
from webapp.tokens.lifecycle import TokenRow
from webapp.tokens.token_names import LONGEST
from webapp.tokens.views import form_pages
from webapp.web.transaction import db


def fields_like(user_id: UUID) -> dict[str, Any]:
    """Form fields of the token that the query parameter ``from`` names; empty if it is not this user's."""
    try:
        found = lifecycle.find(db(), user_id, UUID(request.args.get("from", "")))
    except ValueError:
        return {}
    return fields_of(found) if found else {}


def fields_of(row: TokenRow) -> dict[str, Any]:
    grant = row.credential.grant
    if grant is None:
        return {}
    return {
        "name": row.entry.name,
        "note": row.entry.note,
        "scopes": sorted(grant.scopes),
        "resources": sorted(grant.resources),
        "methods": sorted(grant.methods),
        "networks": list(grant.networks),
        "per_minute": grant.per_minute,
        "expires_in": nearest(row),
    }


def fill_in(form: NewTokenForm, user_id: UUID, key: str, *, former: str | None = None) -> None:
    """Fill in a form with a preset. What was entered stays; what is empty or from the ``former`` preset is replaced."""
    offered = {preset.key: preset.fields for preset in form_pages.offered_presets(form)}
    if (values := offered.get(key)) is None:
        return
    before = offered.get(former or "", {})
    for name in (*SEVERAL[:-1], "name", "per_minute", "expires_in"):
        field = form[name]
        if is_entered(form, name, before):
            continue
        # The text as it was sent is shown again otherwise.
        field.data, field.raw_data = values.get(name, [] if name in SEVERAL else None), None
        form.suggested |= {name} & values.keys()
    if form.name.data and "name" in form.suggested:
        form.name.data = free_name(user_id, form.name.data)
    # The scopes that stay may not open the path of the preset.
    closed = form.catalogue.uncovered(form.resources.data or (), form.scopes.data or ())
    form.resources.data = [rule for rule in form.resources.data or () if rule not in closed]


def is_entered(form: NewTokenForm, name: str, before: dict[str, Any]) -> bool:
    """Whether a field has a value of its own: neither that of the former preset nor the default."""
    value = form[name].data
    if name == "expires_in":
        return form.expires_on.data is not None or value != before.get(name, form.usual)
    if name == "name":
        # ``free_name`` may have numbered it.
        return bool(value) and value.rstrip("0123456789").strip() != before.get(name)
    if name in SEVERAL:
        return bool(value) and set(value) != set(before.get(name, ()))
    return bool(value) and value != before.get(name)


def free_name(user_id: UUID, name: str) -> str:
    """The name, or the next numbered one that no live token of this user has."""
    existing_names = lifecycle.taken_names(db(), user_id)
    while name.casefold() in existing_names:
        name = next_name(name)
    return name


def next_name(name: str) -> str:
    """The next numbered name: "laptop", "laptop 2", "laptop 3"."""
    stem, number = re.fullmatch(r"(.*?)(?: (\d{1,4}))?", name, re.DOTALL).groups()  # type: ignore[union-attr]  # all of it is optional
    ending = f" {int(number or 1) + 1}"
    return stem[: LONGEST - len(ending)] + ending


def nearest(row: TokenRow) -> str | None:
    if row.credential.expires_at >= NEVER:
        # Why one token has no expiry is no reason for another.
        return None
    lifetime = row.credential.expires_at - row.credential.created_at
    return str(min(PRESETS, key=lambda seconds: abs(timedelta(seconds=seconds) - lifetime)))
