"""Lines that use a token, with the real address in them; the token stays in the environment."""

from dataclasses import dataclass
from functools import cache

from webapp.guard.offers import curl
from webapp.settings import ROOT


@dataclass(frozen=True, slots=True)
class Snippet:
    label: str
    code: str


def for_resource(url: str, *, is_bound: bool = False) -> list[Snippet]:
    """
    Args:
        is_bound: to a key, whose proof no line of a shell can give.
    """
    if is_bound:
        return [Snippet("Python, with the key", holding_a_key())]
    return [
        Snippet("curl", curl(url)),
        Snippet("Python requests", python("requests", url)),
        Snippet("Python httpx", python("httpx", url)),
        Snippet("JavaScript fetch", javascript(url)),
    ]


@cache
def holding_a_key() -> str:
    return (ROOT / "docs" / "examples" / "dpop_client.py").read_text(encoding="utf-8").strip()


def python(library: str, url: str) -> str:
    return (
        f"import os\n\nimport {library}\n\n"
        f'answer = {library}.get(\n    "{url}",\n'
        '    headers={"Authorization": f"Bearer {os.environ[\'LATCHKEY_TOKEN\']}"},\n'
        "    timeout=10,\n)\nanswer.raise_for_status()\nprint(answer.json())"
    )


def javascript(url: str) -> str:
    return (
        f'const answer = await fetch("{url}", {{\n'
        "  headers: { Authorization: `Bearer ${process.env.LATCHKEY_TOKEN}` },\n"
        "})\nconsole.log(await answer.json())"
    )
