"""Make the audit log a hash chain: a number and a digest per event, and triggers that refuse changes."""

import hashlib
import json

import sqlalchemy as sa
from alembic import op

revision = "20261124"
down_revision = "20261123"
branch_labels = None
depends_on = None

head = sa.table(
    "audit_head",
    *(sa.column(name) for name in ("id", "seq", "digest", "sealed_seq", "sealed_digest")),
)
audit_event = sa.table(
    "audit_event",
    sa.column("id", sa.Uuid()),
    *(sa.column(name, sa.Uuid()) for name in ("user_id", "actor_id", "credential_id")),
    *(sa.column(name) for name in ("at", "event", "address", "request_id", "seq", "digest")),
    sa.column("details", sa.JSON()),
)
INDEXED = ("user_id", "actor_id", "event", "address")

ON_SQLITE = [
    """CREATE TRIGGER audit_event_is_never_changed BEFORE UPDATE ON audit_event
    BEGIN SELECT RAISE(ABORT, 'audit_event is append-only'); END""",
    # Without this trigger, INSERT OR REPLACE would remove a row and fire none.
    """CREATE TRIGGER audit_event_is_never_replaced BEFORE INSERT ON audit_event
    WHEN NEW.seq <= (SELECT seq FROM audit_head) OR EXISTS (SELECT 1 FROM audit_event WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'audit_event is append-only'); END""",
    """CREATE TRIGGER audit_event_is_kept BEFORE DELETE ON audit_event
    WHEN OLD.seq > (SELECT sealed_seq FROM audit_head)
    BEGIN SELECT RAISE(ABORT, 'audit_event is append-only'); END""",
    """CREATE TRIGGER audit_head_goes_on BEFORE UPDATE ON audit_head
    WHEN NEW.id <> OLD.id OR NEW.seq < OLD.seq OR NEW.sealed_seq < OLD.sealed_seq
      OR (NEW.sealed_seq = OLD.sealed_seq AND NEW.sealed_digest <> OLD.sealed_digest)
      OR (NEW.sealed_seq > OLD.sealed_seq
          AND NEW.sealed_digest IS NOT (SELECT digest FROM audit_event WHERE seq = NEW.sealed_seq))
    BEGIN SELECT RAISE(ABORT, 'audit_head only goes on, and seals only what is there'); END""",
    """CREATE TRIGGER audit_head_is_kept BEFORE DELETE ON audit_head
    BEGIN SELECT RAISE(ABORT, 'audit_head only goes on, and seals only what is there'); END""",
    """CREATE TRIGGER audit_head_is_alone BEFORE INSERT ON audit_head
    BEGIN SELECT RAISE(ABORT, 'audit_head only goes on, and seals only what is there'); END""",
]
ON_POSTGRESQL = [
    """CREATE FUNCTION audit_event_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF TG_OP = 'DELETE' THEN
        IF OLD.seq <= (SELECT sealed_seq FROM audit_head) THEN RETURN OLD; END IF;
      END IF;
      RAISE EXCEPTION 'audit_event is append-only';
    END $$""",
    """CREATE TRIGGER audit_event_is_kept BEFORE UPDATE OR DELETE ON audit_event
    FOR EACH ROW EXECUTE FUNCTION audit_event_is_kept()""",
    """CREATE TRIGGER audit_event_is_never_emptied BEFORE TRUNCATE ON audit_event
    FOR EACH STATEMENT EXECUTE FUNCTION audit_event_is_kept()""",
    """CREATE FUNCTION audit_head_goes_on() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF TG_OP = 'UPDATE' THEN
        IF NEW.id = OLD.id AND NEW.seq >= OLD.seq AND (
          (NEW.sealed_seq = OLD.sealed_seq AND NEW.sealed_digest = OLD.sealed_digest)
          OR (NEW.sealed_seq > OLD.sealed_seq
              AND NEW.sealed_digest = (SELECT digest FROM audit_event WHERE seq = NEW.sealed_seq))
        ) THEN RETURN NEW; END IF;
      END IF;
      RAISE EXCEPTION 'audit_head only goes on, and seals only what is there';
    END $$""",
    """CREATE TRIGGER audit_head_goes_on BEFORE UPDATE OR DELETE OR INSERT ON audit_head
    FOR EACH ROW EXECUTE FUNCTION audit_head_goes_on()""",
    """CREATE TRIGGER audit_head_is_never_emptied BEFORE TRUNCATE ON audit_head
    FOR EACH STATEMENT EXECUTE FUNCTION audit_head_goes_on()""",
]


def upgrade() -> None:
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sealed_seq", sa.BigInteger(), nullable=False),
        sa.Column("sealed_digest", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_head"),
    )
    op.drop_index("ix_audit_event_at", "audit_event")
    op.drop_index("ix_audit_event_user_id_at", "audit_event")
    with op.batch_alter_table("audit_event", schema=None) as batch_op:
        batch_op.add_column(sa.Column("seq", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("digest", sa.LargeBinary(length=32), nullable=True))
        batch_op.drop_constraint("fk_audit_event_user_id_user", type_="foreignkey")
    last, digest = link_what_is_there(op.get_bind())
    seal = {"id": 1, "seq": last, "digest": digest, "sealed_seq": 0, "sealed_digest": bytes(32)}
    op.bulk_insert(head, [seal])
    with op.batch_alter_table("audit_event", schema=None) as batch_op:
        batch_op.alter_column("seq", existing_type=sa.BigInteger(), nullable=False)
        batch_op.alter_column("digest", existing_type=sa.LargeBinary(length=32), nullable=False)
        batch_op.create_unique_constraint("uq_audit_event_seq", ["seq"])
    op.create_index("ix_audit_event_at_seq", "audit_event", ["at", "seq"])
    for name in INDEXED:
        op.create_index(f"ix_audit_event_{name}_at_seq", "audit_event", [name, "at", "seq"])
    for statement in ON_SQLITE if op.get_bind().dialect.name == "sqlite" else ON_POSTGRESQL:
        op.execute(statement)


def link_what_is_there(connection: sa.Connection) -> tuple[int, bytes]:
    """Number and chain the existing events in order of time, as ``audit.chain`` did when this was written."""
    order = sa.select(audit_event).order_by(audit_event.c.at, audit_event.c.id)
    seq, digest = 0, bytes(32)
    for row in connection.execute(order).all():
        seq += 1
        digest = hashlib.sha256(digest + canonical(row._mapping, seq)).digest()
        values = {"seq": seq, "digest": digest}
        connection.execute(sa.update(audit_event).where(audit_event.c.id == row.id).values(values))
    return seq, digest


def canonical(row: sa.RowMapping, seq: int) -> bytes:
    texts = ("id", "user_id", "actor_id", "credential_id", "event", "address", "request_id")
    members = {name: str(row[name]) for name in texts if row[name] is not None}
    members |= {"seq": seq, "at": row["at"], "details": row["details"]}
    return json.dumps(members, sort_keys=True, separators=(",", ":")).encode()


def downgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    if not is_sqlite:
        for table in ("audit_event", "audit_head"):
            op.execute(f"DROP TRIGGER {table}_is_never_emptied ON {table}")
        op.execute("DROP TRIGGER audit_event_is_kept ON audit_event")
        op.execute("DROP TRIGGER audit_head_goes_on ON audit_head")
        op.execute("DROP FUNCTION audit_event_is_kept")
        op.execute("DROP FUNCTION audit_head_goes_on")
    else:
        for name in ("event_is_never_changed", "event_is_never_replaced", "event_is_kept"):
            op.execute(f"DROP TRIGGER audit_{name}")
        for name in ("head_goes_on", "head_is_kept", "head_is_alone"):
            op.execute(f"DROP TRIGGER audit_{name}")
    for name in INDEXED:
        op.drop_index(f"ix_audit_event_{name}_at_seq", "audit_event")
    op.drop_index("ix_audit_event_at_seq", "audit_event")
    # Rows of deleted users would violate the foreign key.
    op.execute('UPDATE audit_event SET user_id = NULL WHERE user_id NOT IN (SELECT id FROM "user")')
    with op.batch_alter_table("audit_event", schema=None) as batch_op:
        batch_op.drop_constraint("uq_audit_event_seq", type_="unique")
        batch_op.drop_column("digest")
        batch_op.drop_column("seq")
        batch_op.create_foreign_key("fk_audit_event_user_id_user", "user", ["user_id"], ["id"], ondelete="SET NULL")
    op.create_index("ix_audit_event_user_id_at", "audit_event", ["user_id", "at"])
    op.create_index("ix_audit_event_at", "audit_event", ["at"])
    op.drop_table("audit_head")
