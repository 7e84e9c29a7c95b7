"""Alembic's entrance: it is handed a connection by whoever runs it, and opens none of its own."""

from alembic import context
from sqlalchemy import Connection

from webapp.accounts import models as accounts
from webapp.audit import models as audit
from webapp.core import models as kernel
from webapp.core.db import Base
from webapp.credentials import models as credentials
from webapp.mail import models as mail
from webapp.mfa import models as mfa
from webapp.sessions import models as sessions
from webapp.tokens import models as tokens

ROOMS = (accounts, audit, credentials, kernel, mail, mfa, sessions, tokens)

connection: Connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
