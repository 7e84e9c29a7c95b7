"""The main process of ``serve`` once the database is ready: it starts the workers, and has loaded nothing else.

``serve`` replaces itself with it, because otherwise the modules that upgrade the database would stay in memory.
"""

import json
import os
import subprocess
import sys
from functools import partial
from typing import Any, NoReturn

from webapp.cli import granian_server
from webapp.cli.json_output import print_message
from webapp.core.lazy_import import lazily
from webapp.core.tracebacks import print_uncaught
from webapp.settings import Settings
from webapp.settings.urls import default_url

# With the import path of the process that it replaces: with ``-m``, a folder of the name "webapp" in the working
# directory would be imported instead of an installed package.
START = """
import json, sys
with open(int(sys.argv[1]), "rb") as pipe:
    given = json.load(pipe)
sys.path[:] = given["path"]
from webapp.cli.server_process import main
main(given)
"""


def replace_this_process(*, debug: bool, welcome: dict[str, Any] | None) -> NoReturn:
    """Execute ``main``, with the settings from the environment.

    Args:
        welcome: the first admin's link (``link``) and its lifetime in words (``within``), as long as there is no admin.
    """
    reader, writer = os.pipe()
    # Not in the environment or the arguments, where other processes could read it for as long as the server runs.
    os.write(writer, json.dumps({"debug": debug, "welcome": welcome, "path": sys.path}).encode())
    os.close(writer)
    os.set_inheritable(reader, True)
    sys.stdout.flush()
    sys.stderr.flush()
    flags: list[str] = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined] # As multiprocessing does.
    os.execv(sys.executable, [sys.executable, *flags, "-c", START, str(reader), "serve"])  # noqa: S606 - of ours alone


def main(arguments: dict[str, Any]) -> None:
    print_uncaught()
    settings = Settings.from_env()
    if settings.log_json:
        lazily("webapp.web.logs").all_as_json()
    on_answer = partial(print_welcome, settings, arguments["welcome"])
    granian_server.serve(settings, debug=arguments["debug"], on_answer=on_answer)


def print_welcome(settings: Settings, welcome: dict[str, Any] | None) -> None:
    print_message(settings, f"{settings.site_name} is running at {settings.base_url}{listening(settings)}")
    if welcome:
        text = f"This site has no admin yet. Create the admin account within {welcome['within']}:"
        print_message(settings, f"{text}\n  {welcome['link']}", setup_link=welcome["link"])


def listening(settings: Settings) -> str:
    return "" if settings.base_url == default_url(settings.bind) else f", listening on {settings.bind}"
