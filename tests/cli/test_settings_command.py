"""settings: the manual, with what is set."""

import json

from webapp.settings import Settings
from webapp.settings.fields import fields_of

SECRET = "aW4gdHJ1dGggaXQgd2FzIG5vdCByYW5kb20gYXQgYWxs"


def test_every_setting_is_in_the_manual_with_its_meaning(run):
    rows = json.loads(run("settings --json").stdout)
    assert [row["variable"] for row in rows] == [field.variable for field in fields_of(Settings)]
    assert all(row["meaning"] and row["type"] for row in rows)


def test_the_manual_shows_the_source_of_each_value(run):
    rows = {row["variable"]: row for row in json.loads(run("settings --json", WEBAPP_WORKERS="3").stdout)}
    assert (rows["WEBAPP_WORKERS"]["value"], rows["WEBAPP_WORKERS"]["source"]) == ("3", "environment")
    assert rows["WEBAPP_THREADS"]["source"] == "default"


def test_secrets_are_masked(run):
    settings = {"WEBAPP_SECRET_KEY": SECRET, "WEBAPP_SECRET_KEY_FALLBACKS": SECRET[::-1]}
    said = run("settings", **settings).stdout + run("settings --json", **settings).stdout
    assert "(secret)" in said
    assert SECRET not in said
    assert SECRET[::-1] not in said
