"""What is refused again and again is one row a minute, and a line of the log each time."""

import time_machine

from tests import factories
from tests.script import Script
from tests.tables import events
from webapp.credentials import lifecycle as credentials
from webapp.kernel.clock import now


def test_the_same_refusal_is_one_row_a_minute(app, script, logged):
    with time_machine.travel(now(), tick=False) as clock:
        for _ in range(20):
            assert script.get("/protected/admin").status_code == 403
        assert len(events(app, "access.refused")) == 1
        clock.shift(60)
        script.get("/protected/admin")
    assert len(events(app, "access.refused")) == 2
    assert logged().count("info access.refused") == 21


def test_another_route_code_or_credential_is_a_row_of_its_own(app, user, script):
    with time_machine.travel(now(), tick=False):
        for path in ("/protected/admin", "/protected/super-admin", "/admin/users"):
            script.get(path)
            Script(app, factories.api_token(app, user, "protected:read").token).get(path)
    assert len(events(app, "access.refused")) == 6


def test_a_revoked_token_that_is_still_used_does_not_fill_the_log(app, user, database):
    issued = factories.api_token(app, user)
    with database.write() as db:
        assert credentials.end(db, issued.entry.id)
    with time_machine.travel(now(), tick=False):
        codes = {Script(app, issued.token).get("/protected").json["code"] for _ in range(10)}
    assert codes == {"token_revoked"}
    assert len(events(app, "access.refused")) == 1
