"""submitted(): the body of a request, a form or a JSON object, as a MultiDict; anything else is refused."""

import json
from typing import Any

from flask import g, request
from werkzeug.datastructures import MultiDict

from webapp.core.translation import _
from webapp.web.form_body import MAX_FIELDS, form_fields, too_many_fields, unreadable
from webapp.web.negotiation import FORM_TYPES
from webapp.web.problem_kinds import WORDS
from webapp.web.problems import Problem

Submitted = MultiDict[str, str]


def submitted() -> Submitted:
    """The fields of the form or JSON object in the body, as a form would send them; read once per request.

    Raises:
        Problem: 400 for a malformed body, 413 for too many fields, 415 for another content type.
    """
    if "submitted" not in g:
        g.submitted = read_body()
    members: Submitted = g.submitted
    return members


def is_json() -> bool:
    """Whether the body is a JSON object. Raises as ``submitted``."""
    submitted()
    return g.json_values is not None


def json_value(name: str) -> Any:
    """A member of the JSON body with its own type; None if it is missing or null."""
    return g.json_values.get(name) if is_json() else None


def move_field(former: str, name: str) -> None:
    """Read the field ``former``, if it was sent, under another name; an empty value replaces none."""
    members = submitted()
    if former not in members:
        return
    members.setlist(name, members.poplist(former) or members.getlist(name))
    if is_json():
        g.json_values[name] = g.json_values.pop(former) or g.json_values.get(name)


def read_body() -> Submitted:
    g.json_values = None
    if request.mimetype in FORM_TYPES:
        return checked(form_fields())
    body = request.get_data(cache=True)
    if not body and not request.mimetype:
        return MultiDict()
    if request.is_json:
        return checked(members_of(body))
    raise Problem(415, *WORDS[415])


def members_of(body: bytes) -> Submitted:
    try:
        found = json.loads(body.decode(), object_pairs_hook=ObjectHook(), parse_constant=unreadable_number)
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise unreadable(_("The body is not JSON.")) from error
    if not isinstance(found, dict):
        raise unreadable(_("The body must be a JSON object."))
    members: Submitted = MultiDict()
    for name, value in found.items():
        members.setlist(name, texts_of(name, value))
    g.json_values = found
    return members


def texts_of(name: str, value: Any) -> list[str]:
    """A JSON value as the texts that a form would send; none for false and null, as for a box left unticked."""
    match value:
        case None | False:
            return []
        case True:
            return ["true"]
        case str() | int() | float():
            return [str(value)]
        case list() if all(isinstance(entry, str) for entry in value):
            return value
        case _:
            raise unreadable(_("%(name)s has the wrong type.", name=name))


class ObjectHook:
    """``object_pairs_hook`` for ``json.loads`` that limits the number of members and refuses duplicate ones."""

    def __init__(self) -> None:
        self.counted = 0

    def __call__(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        self.counted += 1 + len(pairs)
        if self.counted > MAX_FIELDS + 1:
            raise too_many_fields()
        members = dict(pairs)
        if len(members) != len(pairs):
            raise ValueError("a member appears twice")
        return members


def unreadable_number(text: str) -> None:
    raise ValueError(f"{text} is not JSON")


def checked(members: Submitted) -> Submitted:
    """``members``, after checking their number, names and characters.

    NUL is refused because databases and C end a text there, lone surrogates because they cannot be stored.
    """
    # Werkzeug stores a part of a multipart form without a name under None.
    if not all(isinstance(name, str) for name in members):
        raise unreadable(_("A field of the form has no name."))
    values = [value for _name, value in members.items(multi=True)]
    if len(values) > MAX_FIELDS:
        raise too_many_fields()
    if not is_text("".join([*members, *values])):
        raise unreadable(_("It contains invalid characters."))
    return members


def is_text(value: str) -> bool:
    """Whether a database can store ``value`` as text."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in value
