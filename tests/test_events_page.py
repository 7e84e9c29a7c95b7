"""docs/events.md: its code runs, and does what the page says."""

import re
from pathlib import Path

from tests import factories
from tests.tables import events
from webapp.audit.sentences.declared import DECLARED
from webapp.testing import as_user

PAGE = Path(__file__).resolve().parents[1] / "docs" / "events.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S)


def run(*blocks):
    """The names that the blocks define."""
    names = {"__name__": "reports.views"}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)
    return names


def test_an_event_of_an_app_is_recorded(app):
    try:
        app.register_blueprint(run(BLOCKS[0])["bp"])
        ada = as_user(app, "ada")
        assert ada.get("/reports/March").text == "The report March"
        assert [len(events(app, name)) for name in ("page.opened", "report.opened")] == [1, 1]
        assert "You opened the report March." in ada.get("/account/activity").text
    finally:
        DECLARED.clear()


def test_a_signal_reaches_the_receiver_of_an_app(app, capsys):
    names = run(BLOCKS[1])
    user = factories.user(app, "bo")
    assert names["welcomed"] == [user.id]
    names["user_registered"].disconnect(names["welcome"])
    names["password_changed"].disconnect(names["warn"])
