"""CountKey: the fields by which checks are counted: app, rule, method, path pattern, user, outcome."""

import re
from typing import NamedTuple

from webapp.core.short_cache import short_cache
from webapp.forward_auth.checks import ALLOWED, Verdict
from webapp.forward_auth.original_request import OriginalRequest
from webapp.forward_auth.path_patterns import LONGEST, canonical_path
from webapp.forward_auth.verdict_sentences import outcome_of
from webapp.guard.assurance import level_of

DEEPEST = 5
"""Segments of a path that are kept."""
ID_LIKE = re.compile(r"[0-9]+|[0-9a-fA-F-]{8,}|.*[^A-Za-z0-9._~-].*|.{25,}|(?=.*[0-9].*[0-9].*[0-9]).{10,}")
"""Segments that are ids, or what people wrote, rather than names of pages."""
ALLOW = ALLOWED.value


class CountKey(NamedTuple):
    """The fields of one count; ids are numbers, which are hashed faster."""

    app: int
    rule_number: int
    method: str
    path: str
    user: int
    """0 for nobody."""
    kind: str
    level: int
    outcome: str


@short_cache(2048)
def route_pattern(raw_path: str) -> str:
    """A path without ids and names of people, so that few patterns stand for many paths.

    Returns:
        An empty text for a path that has several readings.
    """
    path = canonical_path(raw_path)
    if path is None:
        return ""
    first, *segments = path.split("/")
    found = [first, *("*" if ID_LIKE.fullmatch(segment) else segment for segment in segments[:DEEPEST])]
    return "/".join([*found, "*"] if len(segments) > DEEPEST else found)[:LONGEST]


Key = tuple[int, int, str, str, int, str, str, str]
"""As ``CountKey``, with the ``amr`` instead of its level: a plain tuple, which takes less time for each check."""


def key_of(app_id: int, original: OriginalRequest, verdict: Verdict) -> Key:
    rule, principal = verdict.rule, verdict.principal
    outcome = ALLOW if verdict.decision is ALLOWED else outcome_of(verdict)
    number, path = rule.number if rule is not None else 0, route_pattern(original.raw_path)
    if principal is None:
        return app_id, number, original.method, path, 0, "", "", outcome
    return app_id, number, original.method, path, principal.user_id.int, principal.credential, principal.amr, outcome


def count_key_of(key: Key) -> CountKey:
    app_id, number, method, path, user, kind, amr, outcome = key
    return CountKey(app_id, number, method, path, user, kind, level_of(amr), outcome)


def without_path(count_key: CountKey) -> CountKey:
    """The same count by outcome alone, for when there are too many different ones."""
    return CountKey(count_key.app, 0, "", "", 0, "", 1, count_key.outcome)
