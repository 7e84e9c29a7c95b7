"""The body of a request: a form or a JSON object, as the members it holds; every other shape is refused."""

import json
from typing import Any
from urllib.parse import unquote_to_bytes

from flask import g, request
from werkzeug.datastructures import MultiDict

from webapp.web.negotiation import FORM_TYPES
from webapp.web.problems import Problem

Submitted = MultiDict[str, str]

MOST_FIELDS = 1000
"""Fields of a URL-encoded form; ``MAX_FORM_PARTS`` is that of a multipart form."""
LONGEST_BOUNDARY = 70
"""Characters (RFC 2046 §5.1.1)."""
LARGEST_PART_HEAD = 1024
"""Bytes of the headers of one part of a multipart form."""
BLANK_LINES = (b"\r\n\r\n", b"\n\n", b"\r\r")


def submitted() -> Submitted:
    """The members of the form or the JSON object that was sent.

    Raises:
        Problem: 400 if it is neither, 415 if it says that it is something else.
    """
    if "submitted" not in g:
        g.submitted = read_body()
    members: Submitted = g.submitted
    return members


def is_json() -> bool:
    submitted()
    return g.json_values is not None


def json_value(name: str) -> Any:
    """A member as JSON had it; None where there is none, which null says as well."""
    return g.json_values.get(name) if is_json() else None


def read_body() -> Submitted:
    g.json_values = None
    if request.mimetype in FORM_TYPES:
        check_form()
        return checked(MultiDict(request.form))
    body = request.get_data(cache=True)
    if not body and not request.mimetype:
        return MultiDict()
    if request.is_json:
        return checked(members_of(body))
    raise Problem(415, "That kind of content is not read here", "Send a form, or a JSON object. Nothing was changed.")


def check_form() -> None:
    """Refuse a form that is costly or impossible to parse, before it is parsed.

    Raises:
        Problem: 400 for a boundary or an encoding that cannot be read, 413 for too many fields.
    """
    body = request.get_data(cache=True)
    if request.mimetype == "multipart/form-data":
        check_parts(body, request.mimetype_params.get("boundary", ""))
        return
    if body.count(b"&") >= MOST_FIELDS:
        raise Problem(413, "That is too much", f"A form has at most {MOST_FIELDS} fields. Nothing was changed.")
    try:
        unquote_to_bytes(body).decode()
    except UnicodeDecodeError as error:
        raise unreadable("The form is not UTF-8.") from error


def check_parts(body: bytes, boundary: str) -> None:
    if not 0 < len(boundary) <= LONGEST_BOUNDARY or not boundary.isascii():
        raise unreadable(f"The boundary of the form must have 1 to {LONGEST_BOUNDARY} ASCII characters.")
    for part in body.split(b"--" + boundary.encode())[1:]:
        if part.startswith(b"--"):
            break
        head = part[:LARGEST_PART_HEAD]
        if not any(line in head for line in BLANK_LINES):
            raise unreadable(f"The headers of a part of the form have at most {LARGEST_PART_HEAD} bytes.")


def members_of(body: bytes) -> Submitted:
    try:
        found = json.loads(body.decode(), object_pairs_hook=without_repetition, parse_constant=unreadable_number)
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise unreadable("The body is not JSON.") from error
    if not isinstance(found, dict):
        raise unreadable("The body must be a JSON object.")
    members: Submitted = MultiDict()
    for name, value in found.items():
        members.setlist(name, texts_of(name, value))
    g.json_values = found
    return members


def texts_of(name: str, value: Any) -> list[str]:
    """A JSON value as a form would have sent it; false and null as what was left out."""
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
            raise unreadable(f"{name} has a shape that does not fit.")


def without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member is there twice")
    return members


def unreadable_number(text: str) -> None:
    raise ValueError(f"{text} is not JSON")


def checked(members: Submitted) -> Submitted:
    """Without what no field of ours can hold: NUL ends text in databases and in C, lone surrogates cannot be stored."""
    for name, value in members.items(multi=True):
        # A part of a multipart form need not say its name, and is then kept under None.
        if not isinstance(name, str):
            raise unreadable("A field of the form has no name.")
        if "\0" in name + value or not is_text(name + value):
            raise unreadable("It holds characters that are no text.")
    return members


def is_text(value: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in value)


def unreadable(reason: str) -> Problem:
    return Problem(400, "This could not be read", f"{reason} Nothing was changed.")
