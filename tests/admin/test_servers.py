"""The admin overview lists the servers of the site."""

from datetime import timedelta

from tests import factories
from tests.browser import Person
from tests.script import Script
from webapp.core.clock import now
from webapp.nodes.models import Node


def seen(database, **given):
    values = {"name": "alpha", "bind": "10.0.0.1:8000", "version": "0.1.0", "seen_at": now()}
    with database.write() as db:
        db.add(Node(**values | given))


def read(app):
    grace = factories.user(app, "grace", role="admin")
    return Script(app, factories.api_token(app, grace, "admin:read").token).get("/admin").json


def test_servers_are_listed_for_scripts(app, database):
    seen(database, clock_difference=timedelta(seconds=0.25))
    (server,) = read(app)["servers"]
    assert (server["name"], server["bind"], server["version"]) == ("alpha", "10.0.0.1:8000", "0.1.0")
    assert server["clock_difference"] == 0.2
    assert server["seen_at"]


def test_a_wrong_clock_needs_attention(app, database):
    seen(database, clock_difference=timedelta(seconds=-31))
    seen(database, name="beta", clock_difference=timedelta(seconds=1))
    sentences = [task["sentence"] for task in read(app)["attention"]]
    assert [one for one in sentences if "clock" in one] == [
        "The clock of alpha differs by 31 seconds from that of the database. Synchronise it."
    ]


def test_servers_are_on_the_page(app, database):
    seen(database)
    factories.user(app, "grace", role="admin")
    person = Person(app)
    person.log_in("grace")
    page = person.open("/admin").text
    assert "alpha" in page
    assert "not compared" in page
