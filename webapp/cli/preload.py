"""Loads libraries in a worker after its start, so that its first requests do not wait for them."""

import threading

from webapp.accounts import password_strength
from webapp.core.lazy_import import lazily

DELAY = 2.0
"""Seconds after the start of the worker. Loading holds the GIL for about half a second, which would delay the start."""


def load_libraries() -> None:
    """Use webauthn and zxcvbn once, as the first passkey and new password would."""
    lazily("webauthn")
    password_strength.estimate("correct horse")


def start() -> threading.Thread:
    timer = threading.Timer(DELAY, load_libraries)
    timer.name, timer.daemon = "preload", True
    timer.start()
    return timer
