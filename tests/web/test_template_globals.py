"""Globals of templates: the names and values that Jinja's own have, also after others were added."""

from collections import ChainMap

import pytest
from jinja2 import DictLoader

from webapp.testing import as_nobody
from webapp.web.template_globals import TemplateGlobals

TEMPLATES = {
    "macros.html": "{% macro greet() %}{{ greeting|default('nothing') }}{% endmacro %}",
    "page.html": "{% from 'macros.html' import greet %}{{ greet() }}",
    "context.html": "{% from 'macros.html' import greet with context %}{{ greet() }}",
}


@pytest.mark.parametrize("own", [{}, {"a": 1}, {"a": 1, "c": 3}])
@pytest.mark.parametrize("environment", [{}, {"a": 2, "b": 2}])
def test_names_and_values_are_those_of_a_chain_map(own, environment):
    maps = dict(own), dict(environment)
    ours, jinjas = TemplateGlobals(*maps), ChainMap(*maps)
    assert ours.keys() == jinjas.keys()
    assert dict(ours) == dict(jinjas)
    maps[0]["own"] = maps[1]["late"] = 4
    assert {"a", "own", "d"} - ours.keys() == {"a", "own", "d"} - jinjas.keys()
    assert dict(ours) == dict(jinjas)


@pytest.mark.parametrize("name", ["page.html", "context.html"])
def test_imported_macros_see_globals_that_are_added_later(make_app, name):
    environment = make_app().jinja_env.overlay(loader=DictLoader(TEMPLATES))
    page = environment.get_template(name)
    assert page.render() == "nothing"
    environment.globals["greeting"] = "hello"
    loaded_anew = environment.overlay(loader=DictLoader(TEMPLATES)).get_template(name)
    assert loaded_anew.render() == "hello"


def test_imported_macros_see_a_global_of_the_page_alone(make_app):
    environment = make_app().jinja_env.overlay(loader=DictLoader(TEMPLATES))
    assert environment.get_template("page.html", globals={"greeting": "hi"}).render() == "hi"
    assert environment.get_template("macros.html").module.greet() == "nothing"


def test_pages_are_rendered_with_it(make_app):
    app = make_app()
    assert as_nobody(app).get("/login").status_code == 200
    assert isinstance(app.jinja_env.get_template("login/login.html").globals, TemplateGlobals)
