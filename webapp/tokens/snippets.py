"""Code examples that use a token, with the real URL; the token is in an environment variable."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from webapp.core.translation import _
from webapp.guard.curl_examples import curl
from webapp.settings import ROOT

HOLDING_A_KEY = (ROOT / "docs" / "examples" / "dpop_client.py").read_text(encoding="utf-8").strip()
"""Python code that makes DPoP proofs (RFC 9449)."""


@dataclass(frozen=True, slots=True)
class Snippet:
    label: str
    code: str


def for_resource(url: str, *, is_bound: bool = False) -> list[Snippet]:
    """Examples for a URL in several languages and tools.

    Args:
        is_bound: bound to a key (DPoP), for which curl cannot make proofs.
    """
    if is_bound:
        return [Snippet(_("Python with key"), HOLDING_A_KEY)]
    return [
        Snippet("curl", curl(url)),
        Snippet("Python requests", python("requests", url)),
        Snippet("Python httpx", python("httpx", url)),
        Snippet("JavaScript fetch", javascript(url)),
        Snippet("GitHub Actions", github(url)),
        Snippet(".netrc", netrc(url)),
    ]


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


def github(url: str) -> str:
    """A step of GitHub Actions; a command sets the secret once."""
    return (
        "# gh secret set LATCHKEY_TOKEN\n- name: Call the API\n  env:\n"
        "    LATCHKEY_TOKEN: ${{ secrets.LATCHKEY_TOKEN }}\n"
        f'  run: curl --fail -H "Authorization: Bearer $LATCHKEY_TOKEN" {url}'
    )


def netrc(url: str) -> str:
    """``.netrc``, for clients that only support name and password."""
    host = urlsplit(url).hostname
    return (
        "# For clients that only support user name and password: any name, and the token as the password.\n"
        f"printf 'machine {host} login token password %s\\n' \"$LATCHKEY_TOKEN\" >> ~/.netrc\n"
        f"chmod 600 ~/.netrc\ncurl --netrc {url}"
    )
