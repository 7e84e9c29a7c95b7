"""However many people and events there are, an index leads to them."""

import pytest
from sqlalchemy import event

from tests import factories
from tests.script import Script

SCANS = ("SCAN user", "SCAN audit_event", "SCAN credential")


@pytest.mark.parametrize(
    ("path", "index"),
    [
        ("/admin/users", "autoindex_user"),
        ("/admin/users?q=ada", "autoindex_user"),
        ("/admin/users?sort=created", "ix_user_created_at_username_key"),
        ("/admin/users?sort=seen", "ix_user_last_login_at_username_key"),
        ("/admin/users?view=never", "ix_user_last_login_at_username_key"),
        ("/admin/users?view=dormant", "INDEX"),
        ("/admin/users?view=disabled", "INDEX"),
        ("/admin/users?view=tokens", "ix_credential_user_id_kind"),
        ("/admin/users?role=admin", "ix_user_role_username_key"),
        ("/admin/audit", "ix_audit_event_at_seq"),
        ("/admin/audit?user=ada", "ix_audit_event_user_id_at_seq"),
        ("/admin/audit?actor=ada", "ix_audit_event_actor_id_at_seq"),
        ("/admin/audit?event=user.made", "ix_audit_event_event_at_seq"),
        ("/admin/audit?address=10.0.0.7", "ix_audit_event_address_at_seq"),
        ("/admin/audit?since=2026-01-01&until=2026-02-01", "ix_audit_event_at_seq"),
        ("/admin/audit?before=2", "INDEX"),
    ],
)
def test_a_list_is_answered_from_an_index(app, user, path, index):
    script = Script(app, factories.api_token(app, factories.user(app, role="admin"), "admin:read").token)
    script.get("/admin/users")
    engine, asked = app.extensions["database"].engine, []
    event.listen(engine, "before_cursor_execute", lambda *a: asked.append((a[2], a[3])))
    assert script.get(path).status_code == 200
    tables = ("FROM user", 'FROM "user"', "FROM audit_event")
    lists = [(sql, values) for sql, values in asked if "LIMIT" in sql and any(table in sql for table in tables)]
    assert lists
    with engine.connect() as connection:
        plan = [
            str(row[3])
            for sql, values in lists
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)
        ]
    assert any(index in step for step in plan), plan
    # Walking an index in the wanted order is no scan of the table.
    assert not any(step.startswith(SCANS) and "INDEX" not in step for step in plan), plan
