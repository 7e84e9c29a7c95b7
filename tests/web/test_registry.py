"""Services by type: one each, of one application, and create_app without loading Flask before it is asked for."""

import subprocess
import sys
from typing import NewType, Protocol

import pytest
from flask import Flask

import webapp
from webapp.app.factory import create_app
from webapp.web.registry import service, services_of


class Clock:
    pass


class Rung(Protocol):
    def __call__(self, hour: int, /) -> str: ...


Alarm = NewType("Alarm", Clock)


@pytest.fixture
def bare():
    return Flask("bare")


@pytest.mark.parametrize("kind", [Clock, Rung, Alarm, Clock | None], ids=str)
def test_a_service_is_found_by_its_type(bare, kind):
    provided = Clock()
    services_of(bare).provide(kind)(provided)
    assert services_of(bare).get(kind) is services_of(bare).find(kind) is provided
    with bare.app_context():
        assert service(kind) is provided


def test_two_services_of_one_class_can_have_two_types(bare):
    clock, alarm = Clock(), Alarm(Clock())
    services_of(bare).provide(Clock)(clock)
    services_of(bare).provide(Alarm)(alarm)
    assert (services_of(bare).get(Clock), services_of(bare).get(Alarm)) == (clock, alarm)


def test_a_second_service_of_a_type_is_an_error_unless_it_replaces_the_first(bare):
    services_of(bare).provide(Clock)(Clock())
    with pytest.raises(TypeError, match="Clock"):
        services_of(bare).provide(Clock)
    services_of(bare).replace(Clock)(later := Clock())
    assert services_of(bare).get(Clock) is later


def test_a_missing_service_is_named_in_the_error(bare):
    with pytest.raises(LookupError, match="Clock"):
        services_of(bare).get(Clock)
    assert services_of(bare).find(Clock) is None
    with bare.app_context(), pytest.raises(LookupError, match="Clock"):
        service(Clock)


def test_outside_an_application_there_are_no_services():
    with pytest.raises(RuntimeError, match="application context"):
        service(Clock)


def test_each_application_has_its_own_services(bare):
    services_of(bare).provide(Clock)(Clock())
    assert services_of(Flask("other")).find(Clock) is None


def test_the_package_exports_create_app_and_nothing_else():
    assert webapp.create_app is create_app
    with pytest.raises(AttributeError, match="create_site"):
        _ = webapp.create_site


def test_the_verifier_is_imported_without_flask():
    asked = "import sys, webapp.verify; sys.exit('flask' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked], check=False).returncode == 0
