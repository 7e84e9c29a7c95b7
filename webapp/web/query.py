"""asked(): the query of an address as one struct, or a refusal."""

from typing import TypeVar

import msgspec
from flask import request

from webapp.web.problems import Problem

S = TypeVar("S", bound=msgspec.Struct)


def asked(kind: type[S]) -> S:
    """What the address asks for, with the struct's own defaults for what it leaves out.

    Raises:
        Problem: 400 with ``errors``. Half a question answered is an answer to another one.
    """
    try:
        return msgspec.convert(request.args.to_dict(), kind, strict=False)
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at `$")
        errors = {place.strip(".`") or "query": [f"{reason}."]}
        raise Problem(
            400, "This could not be read", "The address asks for what is not here.", extra={"errors": errors}
        ) from error
