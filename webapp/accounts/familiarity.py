"""Familiarity: how far an account knows the browser or network that a login attempt comes from."""

from enum import Enum


class Familiarity(Enum):
    """Failed attempts are counted apart for each, so that strangers who use up theirs do not lock out the owner."""

    STRANGER = "stranger"
    NETWORK = "network"
    """The owner has logged in from this network; others may share it."""
    BROWSER = "browser"
    """The owner has logged in with this browser, or is logged in with it now."""
