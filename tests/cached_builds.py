"""What follows from the source alone is worked out once, however many sites a run builds; RSA keys are made once.

A site is always built anew, by the product's own code, and nothing that a test can change is handed on.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator
from copy import copy
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

import pytest
from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache
from werkzeug.routing import Map, Rule, RuleFactory

from tests import migrated_once
from webapp.cli import schema
from webapp.core import db, key_material
from webapp.guard import routes as guard_routes
from webapp.guard.require import MARK
from webapp.guard.routes import KnownRoutes, Route
from webapp.settings import ROOT
from webapp.web import assets, kept_templates
from webapp.web.application import Application
from webapp.web.registry import services_of

KNOWN_BY = (
    *("rule", "endpoint", "subdomain", "host", "strict_slashes", "merge_slashes", "build_only", "alias", "websocket"),
    "provide_automatic_options",
)

KEYS = 8
"""RSA keys of a run; more than any test has."""


class CachedUrlMap(Map):
    """Compiled at the first match; maps with equal rules share the compiled code, and others that of each rule."""

    compiled: ClassVar[dict[Hashable, tuple[Any, Any]]] = {}
    bound: ClassVar[dict[Hashable, Rule]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._entered: list[Rule] = []
        self._made_of = kwargs.get("host_matching", False)
        super().__init__(*args, **kwargs)

    def add(self, rulefactory: RuleFactory) -> None:
        self._entered += rulefactory.get_rules(self)
        self._remap = True

    def added(self) -> tuple[Rule, ...]:
        return tuple(self._entered)

    def replace(self, rules: Iterable[Rule]) -> None:
        """Have these rules, which were added before, and no others."""
        self._entered = list(rules)
        self._remap = True

    def update(self) -> None:
        if not self._remap:
            return
        signatures = [signature(rule) for rule in self._entered]
        known_by = self._made_of, self.merge_slashes, *signatures
        if known_by not in self.compiled:
            full = Map(converters=self.converters, merge_slashes=self.merge_slashes, host_matching=self._made_of)
            for rule, alike in zip(self._entered, signatures, strict=True):
                enter(full, self._bound(full, rule, (known_by[:2], alike)))
            full.update()
            self.compiled[known_by] = full._matcher, full._rules_by_endpoint
        self._matcher, self._rules_by_endpoint = self.compiled[known_by]
        self._remap = False

    def _bound(self, full: Map, rule: Rule, alike: Hashable) -> Rule:
        if alike not in self.bound:
            self.bound[alike] = copy(rule)
            self.bound[alike].bind(full)
        found = copy(self.bound[alike])
        found.map = full
        return found


def enter(map_: Map, rule: Rule) -> None:
    """As ``Map.add`` does with a rule that is bound already."""
    if not rule.build_only:
        map_._matcher.add(rule)
    map_._rules_by_endpoint.setdefault(rule.endpoint, []).append(rule)
    map_._remap = True


def signature(rule: Rule) -> Hashable:
    methods = frozenset(rule.methods or ())
    return methods, repr(rule.defaults), rule.redirect_to, *(getattr(rule, name, None) for name in KNOWN_BY)


class Compiled(BytecodeCache):
    """Templates; Jinja asks for each by a digest of its source."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._known.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._known[bucket.key, bucket.checksum] = bucket.code


def read_once(sources_of: Any) -> Any:
    """The templates of a site that has none but ours."""
    known: dict[Hashable, Any] = {}

    def read(environment: Any, loader: Any) -> Any:
        loaders = [loader.app.jinja_loader, *(found.jinja_loader for found in loader.app.iter_blueprints())]
        folders = tuple(path for one in loaders if one for path in getattr(one, "searchpath", [""]))
        if not all(Path(path).is_relative_to(ROOT) for path in folders):
            return sources_of(environment, loader)
        if folders not in known:
            known[folders] = sources_of(environment, loader)
        return known[folders]

    return read


def worked_out_once(routes_of: Callable[[Flask], tuple[Route, ...]]) -> Callable[[Flask], tuple[Route, ...]]:
    """The routes of applications that have the same views under the same rules, with the same access rules."""
    known: dict[Hashable, tuple[Any, tuple[Route, ...]]] = {}

    def routes(app: Flask) -> tuple[Route, ...]:
        app.url_map.update()
        marks = [getattr(found, MARK, None) for found in app.blueprints.values()]
        parts = app.url_map._matcher, *app.view_functions.values(), *app.blueprints.values(), *marks
        key = tuple(map(id, parts))
        if key not in known:
            known[key] = parts, routes_of(app)  # The parts too, so that their numbers are not given to others.
        found = known[key][1]
        services_of(app).replace(KnownRoutes)(KnownRoutes(len(list(app.url_map.iter_rules())), found))
        return found

    return routes


def some_keys(make: Callable[[], Any]) -> Callable[[], Any]:
    """Makes a few keys, and then answers with them in turn: to make an RSA key takes as long as many tests."""
    made: list[Any] = []

    def next_key() -> Any:
        made.append(make() if len(made) < KEYS else made.pop(0))
        return made[-1]

    return next_key


def in_this_run() -> Iterator[None]:
    static, contents_of = ROOT / "static", assets.contents_of
    # Both equal and compiling alike: made by the same call, for the same library.
    alike = {"__eq__": lambda one, other: type(one) is type(other), "__hash__": lambda one: hash(type(one))}
    statements: dict[Any, Any] = LRUCache(5000)
    create_engine = db.create_engine
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Application, "url_map_class", CachedUrlMap)
        patch.setattr(Application, "jinja_options", {"bytecode_cache": Compiled()})
        for name, method in alike.items():
            patch.setattr(SQLiteDialect_pysqlite, name, method)
        remembering = {"execution_options": {"compiled_cache": statements}}
        patch.setattr(db, "create_engine", lambda *args, **kwargs: create_engine(*args, **remembering, **kwargs))
        patch.setattr(db, "compile_for", lru_cache(db.compile_for))
        of_ours = lru_cache(contents_of)
        patch.setattr(assets, "contents_of", lambda folder: (of_ours if folder == static else contents_of)(folder))
        patch.setattr(guard_routes, "routes", worked_out_once(guard_routes.routes))
        patch.setattr(kept_templates, "sources_of", read_once(kept_templates.sources_of))
        patch.setattr(schema, "command", migrated_once.commands())
        rsa = key_material.FAMILIES["RS256"]
        patch.setitem(key_material.FAMILIES, "RS256", replace(rsa, make=some_keys(rsa.make)))
        # Whether an RSA key is a sound one is checked each time that it is read, which takes nearly as long.
        patch.setattr(key_material, "load_pem_private_key", lru_cache(key_material.load_pem_private_key))
        yield
