"""form_fields(): parses URL-encoded and multipart forms, with limits on what is costly to parse."""

import re
from urllib.parse import parse_qsl

from flask import request
from werkzeug.datastructures import MultiDict

from webapp.core.translation import _
from webapp.web.problems import Problem

MAX_FIELDS = 1000
"""Fields of a URL-encoded form, members and list entries of JSON; a multipart form has ``MAX_FORM_PARTS``."""
LONGEST_BOUNDARY = 70
"""Characters (RFC 2046 §5.1.1)."""
LARGEST_PART_HEAD = 1024
"""Bytes of the headers of one part of a multipart form."""
MAX_PARAMETERS = 8
"""Semicolons in the headers of one part."""
MAX_STRAY_PERCENT_SIGNS = 100
"""Percent signs that begin no escape: ``parse_qsl`` accepts them, but catches an exception for each."""
BLANK_LINE = re.compile(rb"\r\n\r\n|\n\n|\r\r")
ESCAPE = re.compile(rb"%[0-9A-Fa-f]{2}")


def form_fields() -> MultiDict[str, str]:
    """The fields of the URL-encoded or multipart form in the body.

    Raises:
        Problem: 400 for a wrong encoding or boundary, 413 for too many fields.
    """
    body = request.get_data(cache=True)
    if request.mimetype == "multipart/form-data":
        check_parts(body, request.mimetype_params.get("boundary", ""))
        return MultiDict(request.form)
    return parse_urlencoded(body)


def parse_urlencoded(body: bytes) -> MultiDict[str, str]:
    """As Werkzeug parses it, except that a form that is not UTF-8 is refused; Werkzeug returns one without fields."""
    if body.count(b"&") >= MAX_FIELDS:
        raise too_many_fields()
    if body.count(b"%") - len(ESCAPE.findall(body)) > MAX_STRAY_PERCENT_SIGNS:
        raise unreadable(_("The form is not URL-encoded."))
    try:
        return MultiDict(parse_qsl(body.decode(), keep_blank_values=True, errors="strict"))
    except UnicodeDecodeError as error:
        raise unreadable(_("The form is not UTF-8.")) from error


def check_parts(body: bytes, boundary: str) -> None:
    """Refuse a multipart form that is costly to parse, before Werkzeug parses it (RFC 2046 §5.1).

    Raises:
        Problem: 400.
    """
    if not 0 < len(boundary) <= LONGEST_BOUNDARY or not boundary.isascii():
        raise unreadable(
            _("The boundary of the form must have 1 to %(count)s ASCII characters.", count=LONGEST_BOUNDARY)
        )
    delimiter = b"--" + boundary.encode()
    start = body.find(delimiter)
    # Not split into parts, which would copy an upload.
    while start >= 0 and not body.startswith(b"--", start := start + len(delimiter)):
        following = body.find(delimiter, start)
        last = min(start + LARGEST_PART_HEAD, following if following >= 0 else len(body))
        end = BLANK_LINE.search(body, start, last)
        if end is None:
            raise unreadable(
                _("The headers of a part of the form have at most %(count)s bytes.", count=LARGEST_PART_HEAD)
            )
        if body.count(b";", start, end.start()) > MAX_PARAMETERS:
            raise unreadable(
                _("The headers of a part of the form have at most %(count)s parameters.", count=MAX_PARAMETERS)
            )
        start = following


def too_many_fields() -> Problem:
    """The 413 problem of a body with too many fields."""
    return Problem(
        413,
        _("The request is too large"),
        _("A body has at most %(count)s fields. Nothing was changed.", count=MAX_FIELDS),
    )


def unreadable(reason: str) -> Problem:
    """The 400 problem of a malformed body."""
    return Problem(400, _("Bad request"), _("%(reason)s Nothing was changed.", reason=reason))
