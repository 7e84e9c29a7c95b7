"""What a process keeps of paths: nothing long, and nothing of an app as it was."""

from dataclasses import replace

import pytest

from tests import factories
from tests.forward_auth.proxy import EDITOR, OWN_HOST, proxied
from tests.forward_auth.test_check_rules import WIKI, bearer
from webapp.core.short_cache import LONGEST
from webapp.forward_auth import counted_checks, lifecycle, path_patterns
from webapp.forward_auth.app_settings import RuleSettings
from webapp.forward_auth.checks import ForwardAuth
from webapp.forward_auth.rules import known_rule_for
from webapp.web.registry import services_of


def number_of_kept(app) -> tuple[int, int]:
    return known_rule_for.cache_info().currsize, len(services_of(app).get(ForwardAuth).identity._known)


@pytest.mark.parametrize("length", [LONGEST, LONGEST + 1, 8_000])
def test_only_short_paths_are_kept(app, proxy, length):
    proxied(app, "wiki", RuleSettings(path="/admin/*", role="admin"), RuleSettings(authorization="basic"))
    headers = bearer(app)
    assert proxy.check(f"{WIKI}/page", headers=headers).status_code == 200
    known_rule_for.cache_clear()
    before = number_of_kept(app)
    for letter in "abc":
        assert proxy.check(f"{WIKI}/{letter * (length - 1)}", headers=headers).status_code == 200
    added = 3 if length <= LONGEST else 0
    assert number_of_kept(app) == (before[0] + added, before[1] + added)


@pytest.mark.parametrize("function", [path_patterns.canonical_path, counted_checks.route_pattern])
def test_functions_of_paths_have_no_cache_for_any_length(function):
    assert not hasattr(function, "cache_info")


def test_a_path_that_was_allowed_is_refused_by_the_new_rule(app, proxy):
    public = RuleSettings(is_public=True)
    proxied(app, "wiki", public)
    assert [proxy.check(f"{WIKI}/{page}").status_code for page in ("page", "other")] == [200, 200]
    with factories.database_of(app).write() as db:
        row = lifecycle.by_slug(db, "wiki")
        rules = RuleSettings(path="/page", role="admin"), public
        desired = replace(lifecycle.settings_of(db, row), rules=rules)
        assert lifecycle.edit(db, row, desired, EDITOR, own_host=OWN_HOST)
    assert [proxy.check(f"{WIKI}/{page}").status_code for page in ("page", "other")] == [401, 200]
