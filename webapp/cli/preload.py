"""Loads libraries in a worker after its start, so that its first requests do not wait for them."""

import threading

from webapp.accounts import password_strength
from webapp.core.lazy_import import lazily
from webapp.sessions import user_agents

DELAY = 2.0
"""Seconds after the start of the worker. Loading holds the GIL for about half a second, which would delay the start."""


def load_libraries() -> None:
    """Use ua-parser, webauthn and zxcvbn once, as the first login, passkey and new password would."""
    user_agents.describe_user_agent("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
    lazily("webauthn")
    password_strength.estimate("correct horse")


def start() -> threading.Thread:
    timer = threading.Timer(DELAY, load_libraries)
    timer.name, timer.daemon = "preload", True
    timer.start()
    return timer
