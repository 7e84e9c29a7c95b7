"""curl commands for the API reference, complete except for placeholders in capitals."""

import json
import re
from typing import Any

from webapp.guard.curl_examples import curl

Schema = dict[str, Any]

BEARER = '-H "Authorization: Bearer $LATCHKEY_TOKEN"'
VARIABLE = re.compile(r"\{(\w+)\}")


def curl_command(base: str, method: str, path: str, operation: Schema, takes: Schema) -> str:
    """A curl command for an operation, with the first of its security schemes."""
    url = base + VARIABLE.sub(lambda found: f"${found[1].upper()}", path)
    ways = operation["security"]
    by_token = bool(ways) and "bearer" in ways[0]
    if by_token and method == "GET":
        return curl(url)
    parts = [BEARER] if by_token else ["-b cookies.txt -c cookies.txt"] if ways else []
    parts += ['-H "X-CSRF-Token: $CSRF_TOKEN"'] if ways and "csrf" in ways[0] else []
    parts += [f"--json '{example(takes)}'"] if takes else ["-X POST"] if method == "POST" else []
    return " \\\n  ".join([" ".join(["curl", *parts[:1]]), *parts[1:], url]) if parts else f"curl {url}"


def example(schema: Schema) -> str:
    """The smallest valid body."""
    either = schema.get("oneOf", [{"required": []}])[0]["required"]
    needed = {*schema.get("required", ()), *either}
    return json.dumps({name: value(name, field) for name, field in schema["properties"].items() if name in needed})


def value(name: str, schema: Schema) -> Any:
    match schema:
        case {"enum": [first, *_]}:
            return first
        case {"type": "array", "items": items}:
            return [value(name.removesuffix("s"), items)]
        case {"type": "integer"}:
            return schema.get("minimum", 1)
        case {"type": "boolean"}:
            return True
        case _:
            return name.upper()
