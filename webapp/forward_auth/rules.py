"""match(): the rule of an app that a request falls under; pure functions."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from webapp.core.short_cache import LONGEST
from webapp.forward_auth.original_request import OriginalRequest
from webapp.forward_auth.path_patterns import canonical_path
from webapp.forward_auth.proxied_apps import AppPolicy, CompiledRule

OVERRIDES = "HTTP_X_HTTP_METHOD_OVERRIDE", "HTTP_X_HTTP_METHOD", "HTTP_X_METHOD_OVERRIDE"
"""Headers with which some apps read another method than the proxy."""

OTHER_PATH = "HTTP_X_REWRITE_URL"
"""A header with which some apps read another path; ``original_request`` compares the others, X-Original-*."""


class NoRule(Exception):
    """No rule allows the request, or it is not clear which applies. The message is for the log."""


def match(app: AppPolicy, original: OriginalRequest, environ: Mapping[str, Any]) -> CompiledRule:
    """The first rule for method and path of a request.

    Args:
        environ: with the headers that the client has sent.

    Raises:
        NoRule
    """
    if app.reads_paths and canonical_path(original.raw_path) is None:
        raise NoRule("the path has more than one reading")
    if app.reads_paths and OTHER_PATH in environ:
        raise NoRule("a header names another path")
    if app.reads_methods and any(name in environ for name in OVERRIDES):
        raise NoRule("a header names another method")
    if is_preflight(original, environ):
        # The rule of the request that the browser asks about.
        return rule_for(app, original.raw_path, environ["HTTP_ACCESS_CONTROL_REQUEST_METHOD"])
    if len(original.raw_path) > LONGEST:
        return rule_for(app, original.raw_path, original.method)
    return known_rule_for(app, original.raw_path, original.method)


def rule_for(app: AppPolicy, raw_path: str, method: str) -> CompiledRule:
    """The first rule for a path and a method.

    Raises:
        NoRule
    """
    path = canonical_path(raw_path)
    for rule in app.rules:
        if path is None or rule.pattern.matches(path):
            if rule.is_for(method):
                return rule
        elif rule.pattern.differs_in_case(path):
            raise NoRule(f"the path differs from rule {rule.number} in capital letters alone")
    raise NoRule("no rule is for this path and method")


known_rule_for = lru_cache(4096)(rule_for)
"""``rule_for`` with the last results: an app that has changed is read again, and is then another key."""


def is_preflight(original: OriginalRequest, environ: Mapping[str, Any]) -> bool:
    """Whether it is a CORS preflight (Fetch Standard §3.2.2)."""
    return original.method == "OPTIONS" and "HTTP_ORIGIN" in environ and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ
