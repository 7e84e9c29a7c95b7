"""parse_query(): the query parameters of a URL as a msgspec struct; wrong ones are refused."""

from datetime import datetime
from typing import Any, TypeVar, get_args, get_type_hints

import msgspec
from flask import request

from webapp.core.former_names import former_names_of
from webapp.core.translation import _
from webapp.web.problems import Problem

S = TypeVar("S", bound=msgspec.Struct)
T = TypeVar("T")


def parse_query(kind: type[S]) -> S:
    """The query parameters of the request, with the struct's defaults for those that are missing.

    Raises:
        Problem: 400 with ``errors``, rather than a list for which a filter was ignored.
    """
    parameters: dict[str, Any] = request.args.to_dict()
    for former, name in former_names_of(kind).items():
        rename(parameters, former, name)
    for name, hint in get_type_hints(kind).items():
        # Only ISO 8601. Without ``strict``, msgspec would read a number as seconds since 1970.
        if name in parameters and datetime in (hint, *get_args(hint)):
            parameters[name] = converted(parameters[name], datetime, at=name)
    return converted(parameters, kind, strict=False)


def rename(parameters: dict[str, Any], former: str, name: str) -> None:
    value = parameters.pop(former, None)
    if value is not None and parameters.setdefault(name, value) != value:
        message = _("`%(name)s` and `%(other)s` are the same parameter. Send one of them.", name=name, other=former)
        raise Problem(400, _("Bad request"), message, extra={"errors": {former: [message]}})


def converted(value: Any, kind: type[T], *, at: str = "query", strict: bool = True) -> T:
    """``value`` as ``kind``.

    Args:
        at: the parameter to name in ``errors`` if msgspec names none.

    Raises:
        Problem: 400 with ``errors``.
    """
    try:
        return msgspec.convert(value, kind, strict=strict)
    except msgspec.ValidationError as error:
        reason, _at, place = str(error).partition(" - at `$")
        errors = {place.strip(".`") or at: [f"{reason}."]}
        raise Problem(400, _("Bad request"), _("A query parameter is invalid."), extra={"errors": errors}) from error
