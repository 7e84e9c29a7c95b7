"""refuse_unknown(): refuses body fields and query parameters that a view does not read, such as misspelt ones.

A view declares what it reads by ``@responds`` and ``@reads``. A view of this site that declares nothing reads nothing.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, ParamSpec, TypeVar

from flask import Flask, Request, request
from msgspec import Struct
from msgspec.structs import fields as members_of
from wtforms import Form

from webapp.core.former_names import former_names_of
from webapp.core.translation import _
from webapp.web.api_schema import contract_of
from webapp.web.bearer import locations
from webapp.web.body import move_field, submitted
from webapp.web.csrf import is_change
from webapp.web.form import SPELLINGS, field_names
from webapp.web.form_body import unreadable
from webapp.web.method_views import handler_of
from webapp.web.problems import Problem

P = ParamSpec("P")
R = TypeVar("R")

ATTRIBUTE = "reads"
ALWAYS = frozenset({"csrf_token"})
MAX_NAMED = 5
"""Unknown names that a refusal lists."""
# A password or token that was sent without a name is longer or has other characters, and must not be repeated.
NAME = re.compile(r"[A-Za-z_][\w.-]{0,30}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Reads:
    """What ``@reads`` declares of a view."""

    parameters: frozenset[str]
    lists: frozenset[str]
    fields: frozenset[str]
    form: type[Form] | None
    others: bool = False
    """Whether any other names are ignored."""


@dataclass(frozen=True, slots=True)
class KnownNames:
    """The names that a view reads."""

    fields: frozenset[str] | None
    """Names in the body; None if that is not checked."""
    prefixes: tuple[str, ...]
    parameters: frozenset[str] | None
    """Names in the query string; None if that is not checked."""
    lists: frozenset[str]
    """Query parameters that may be repeated."""
    former_fields: Mapping[str, str]
    """Fields of the form by former names."""


def reads(
    *parameters: str,
    lists: Iterable[str] = (),
    fields: Iterable[str] = (),
    form: type[Form] | None = None,
    others: bool = False,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """View decorator: names that the view reads besides those of ``@responds``; written below ``@require``.

    Args:
        parameters: of the query string.
        lists: parameters of the query string that may be repeated.
        fields: of the body.
        form: for views without ``@responds``.
        others: ignore any other names, as OAuth demands (RFC 6749 §3.1, §3.2).
    """
    declared = Reads(frozenset(parameters) | frozenset(lists), frozenset(lists), frozenset(fields), form, others)

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        setattr(view, ATTRIBUTE, declared)
        return view

    return decorate


@lru_cache(1024)
def known_names(view: Callable[..., Any]) -> KnownNames:
    """What a view reads. Of a view of a plug-in, only what it declares is checked."""
    contract, declared = contract_of(view), getattr(view, ATTRIBUTE, None) or Reads(*(frozenset[str](),) * 3, None)
    if declared.others:
        return KnownNames(fields=None, prefixes=(), parameters=None, lists=frozenset(), former_fields={})
    is_of_this_site = (view.__module__ or "").partition(".")[0] == __name__.partition(".")[0]
    form = declared.form or (contract.form if contract else None)
    query = parameters_of(contract.query) if contract and contract.query else set()
    return KnownNames(
        fields=declared.fields.union(field_names(form) if form else ())
        if is_of_this_site or form or declared.fields
        else None,
        prefixes=getattr(form, "prefixes", ()),
        parameters=declared.parameters | query if is_of_this_site or query or declared.parameters else None,
        lists=declared.lists,
        former_fields=former_names_of(form) if form else {},
    )


def parameters_of(query: type[Struct]) -> set[str]:
    return {member.name for member in members_of(query)} | former_names_of(query).keys()


def refuse_unknown(current: Request, app: Flask) -> None:
    """Refuse fields and parameters that the view does not declare; called by the guard for each authorized request.

    The query string of a page that reads none is not checked: other sites add parameters to links. A change is
    refused then, because those parameters were meant for the body.

    Raises:
        Problem: 422 for a body, 400 for a query string and for /api/auth (RFC 6749 §5.2), with ``errors``.
    """
    changes, query = is_change(current.method), current.environ.get("QUERY_STRING")
    # Most requests end here, so nothing else is looked up before.
    if not (changes or query) or current.url_rule is None:
        return
    names = known_names(handler_of(app.view_functions[current.url_rule.endpoint], current.method))
    if query and names.parameters is not None and (changes or names.parameters):
        check_query(names.parameters, names.lists | token_parameter(current.method))
    if changes and names.fields is not None:
        check_body(names.fields, names.prefixes, names.former_fields)


def token_parameter(method: str) -> frozenset[str]:
    """The parameter with a token, which the guard has read already and refused if there were two."""
    is_read = method == "GET" and "query" in locations()
    return frozenset({"token"} if is_read else ())


def check_query(known_parameters: frozenset[str], lists: frozenset[str]) -> None:
    query = request.args
    if unknown := [name for name in query if name not in known_parameters | lists]:
        raise refusal(
            {printable(name): [unknown_parameter(name, known_parameters)] for name in unknown[:MAX_NAMED]}, 400
        )
    if repeated := [name for name in query if name not in lists and len(query.getlist(name)) > 1]:
        errors = {name: [_("%(name)s was sent more than once.", name=name)] for name in repeated[:MAX_NAMED]}
        raise refusal(errors, 400)


def check_body(known_fields: frozenset[str], prefixes: tuple[str, ...], former_fields: Mapping[str, str]) -> None:
    fields = submitted()
    for name in known_fields & SPELLINGS.keys():
        merge_spellings(name, SPELLINGS[name])
    for former, name in former_fields.items():
        merge_spellings(name, former)
    accepted = known_fields | ALWAYS
    if unknown := [name for name in fields if name not in accepted and not name.startswith(prefixes or ("\0",))]:
        raise refusal(
            {printable(name): [unknown_field(name, known_fields)] for name in unknown[:MAX_NAMED]}, body_status()
        )
    if len(fields.getlist("csrf_token")) > 1:
        raise unreadable(_("%(name)s was sent more than once.", name="csrf_token"))


def merge_spellings(name: str, other: str) -> None:
    """Read the field ``other`` as ``name``.

    Raises:
        Problem: both were sent, with different words.
    """
    fields = submitted()
    values, others = words_of(fields.getlist(name)), words_of(fields.getlist(other))
    if values and others and values != others:
        message = _("`%(name)s` and `%(other)s` are the same field. Send one of them.", name=name, other=other)
        raise refusal({other: [message]}, body_status())
    move_field(other, name)


def words_of(values: Iterable[str]) -> set[str]:
    return {word for value in values for word in value.split()}


def unknown_field(name: str, known_fields: Collection[str]) -> str:
    if near := get_close_matches(printable(name), known_fields, n=1):
        return _("Unknown field `%(name)s`. Did you mean `%(nearest)s`?", name=printable(name), nearest=near[0])
    if not known_fields:
        return _("Unknown field `%(name)s`. This endpoint reads no fields.", name=printable(name))
    return _(
        "Unknown field `%(name)s`. Known are: %(known)s.", name=printable(name), known=", ".join(sorted(known_fields))
    )


def unknown_parameter(name: str, known_parameters: Collection[str]) -> str:
    if near := get_close_matches(printable(name), known_parameters, n=1):
        return _("Unknown parameter `%(name)s`. Did you mean `%(nearest)s`?", name=printable(name), nearest=near[0])
    if not known_parameters:
        return _("Unknown parameter `%(name)s`. Send it in the body.", name=printable(name))
    return _(
        "Unknown parameter `%(name)s`. Known are: %(known)s.",
        name=printable(name),
        known=", ".join(sorted(known_parameters)),
    )


def printable(name: str) -> str:
    """``name`` if it can be repeated in a response."""
    return name if NAME.fullmatch(name) else "…"


def body_status() -> int:
    return 400 if is_oauth() else 422


def is_oauth() -> bool:
    """Whether refusals have an ``error`` of RFC 6749 §5.2."""
    return request.path.startswith("/api/auth")


def refusal(errors: dict[str, list[str]], status: int) -> Problem:
    """The problem of unknown names; its detail repeats the first message for people, who see a page."""
    extra: dict[str, Any] = {"errors": errors}
    if is_oauth():
        extra["error"] = "invalid_request"
    title = _("Some fields need to be corrected") if status == 422 else _("Invalid request")
    (message, *_more), *_others = errors.values()
    return Problem(status, title, _("%(reason)s Nothing was changed.", reason=message), extra=extra)
