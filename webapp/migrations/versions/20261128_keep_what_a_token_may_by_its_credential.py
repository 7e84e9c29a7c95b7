"""Move the grant of a token to its credential row, which every request reads."""

import sqlalchemy as sa
from alembic import op

revision = "20261128"
down_revision = "20261127_elsewhere"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("credential", schema=None) as batch_op:
        batch_op.add_column(sa.Column("authority", sa.Text(), nullable=True))
    op.execute(
        """UPDATE credential SET authority = (
             SELECT '{"scopes":' || CAST(api_token.scopes AS TEXT) || '}' FROM api_token
             WHERE api_token.id = credential.id)"""
    )
    with op.batch_alter_table("api_token", schema=None) as batch_op:
        batch_op.drop_column("scopes")


def downgrade() -> None:
    with op.batch_alter_table("api_token", schema=None) as batch_op:
        batch_op.add_column(sa.Column("scopes", sa.JSON(), nullable=False, server_default="[]"))
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    scopes = "json_extract(authority, '$.scopes')" if is_sqlite else "(CAST(authority AS json) -> 'scopes')"
    # Tokens with restrictions would lose them, so they are revoked.
    op.execute(
        f"UPDATE api_token SET scopes = (SELECT {scopes} FROM credential WHERE credential.id = api_token.id)"  # noqa: S608
    )
    op.execute(
        """UPDATE credential SET revoked_at = created_at WHERE revoked_at IS NULL AND authority IS NOT NULL
           AND (authority LIKE '%"networks"%' OR authority LIKE '%"methods"%' OR authority LIKE '%"resources"%'
                OR authority LIKE '%"per_minute"%' OR authority LIKE '%"jkt"%')"""
    )
    with op.batch_alter_table("api_token", schema=None) as batch_op:
        batch_op.alter_column("scopes", server_default=None)
    with op.batch_alter_table("credential", schema=None) as batch_op:
        batch_op.drop_column("authority")
