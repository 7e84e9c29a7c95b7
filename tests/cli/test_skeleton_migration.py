"""The migration that gives users from before confusable checks the skeleton of their name."""

import sqlalchemy as sa

from tests import factories
from webapp.accounts.confusables import skeleton_key
from webapp.cli import schema
from webapp.core.db import Database
from webapp.settings import Settings
from webapp.web.registry import services_of

NAMES = ("alice", "modern", "мария", "yıldız", "Straße")


def test_the_migration_computes_the_skeletons_that_the_application_compares(make_app, instance):
    app = make_app()
    for number, name in enumerate(NAMES):
        factories.user(app, name, email=f"{number}@example.org")
    settings, engine = Settings.from_env({"WEBAPP_INSTANCE": str(instance)}), services_of(app).get(Database).engine
    schema.downgrade(settings, "20261207_networks")
    schema.upgrade(settings)
    with engine.begin() as connection:
        found = connection.execute(sa.text('SELECT username, username_skeleton FROM "user"')).all()
    assert dict(found) == {name: skeleton_key(name) for name in NAMES}


def test_user_add_refuses_a_look_alike(run, add):
    add("alice")
    done = run("user add alıce --password-stdin", typed="umbrella otter lantern")
    assert (done.exit_code, "name alıce is taken" in done.stderr) == (1, True)
