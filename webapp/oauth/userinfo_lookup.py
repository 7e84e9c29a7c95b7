"""user_and_client(): what userinfo says of a user to an app, in one row of few columns."""

from uuid import UUID

from sqlalchemy import bindparam, select

from webapp.accounts.models import User
from webapp.core.db import Database
from webapp.core.driver_statements import RowQuery, read_only
from webapp.oauth.models import OAuthClient

OF_USER = ("id", "username", "display_name", "email", "email_verified_at", "time_zone", "language")
OF_CLIENT = (
    "id",
    "has_pairwise_subjects",
    "subject_salt",
    "signs_userinfo",
    "wants_rs256",
    "hides_groups",
    "group_roles",
)
QUERY = RowQuery(
    select(
        *(getattr(User, name) for name in OF_USER),
        *(getattr(OAuthClient, name) for name in OF_CLIENT),
    )
    .outerjoin(OAuthClient, OAuthClient.id == bindparam("client_id"))
    .where(User.id == bindparam("user_id"))
)


def user_and_client(database: Database, user_id: UUID, client_id: UUID | None) -> tuple[User, OAuthClient | None]:
    """The user and the app, read-only and with what their claims need only; no app for the token of a script."""
    found = QUERY.look_up(database, user_id=user_id, client_id=client_id)
    if found is None:
        raise LookupError(user_id)
    user, client = found[: len(OF_USER)], found[len(OF_USER) :]
    app = read_only(OAuthClient, dict(zip(OF_CLIENT, client, strict=True)))
    return read_only(User, dict(zip(OF_USER, user, strict=True))), app if app.id is not None else None
