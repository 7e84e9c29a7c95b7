"""Familiarity: whether a user has logged in before with the browser or from the network of a login attempt."""

from enum import Enum


class Familiarity(Enum):
    """Failed attempts are limited separately for each, so that unknown clients do not lock out the owner."""

    UNKNOWN = "unknown"
    NETWORK = "network"
    """The user has logged in from this network; other people may share it."""
    BROWSER = "browser"
    """The user has logged in with this browser, or is logged in with it now."""
