"""The URL under which tokens were issued: noted on their rows, and counted where the site does not accept it."""

from collections.abc import Collection

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from webapp.credentials import lifecycle as credentials
from webapp.tokens.models import ApiToken


def note_issuer(db: Session, url: str) -> None:
    """Note ``url`` as the issuer of the tokens whose rows say none."""
    db.execute(update(ApiToken).where(ApiToken.issuer.is_(None)).values(issuer=url))


def unaccepted_by_issuer(db: Session, accepted: Collection[str]) -> dict[str, int]:
    """Number of live tokens by their issuer, if it is none of the URLs that this site accepts."""
    live = ApiToken.id.in_(credentials.live_ids("token"))
    query = select(ApiToken.issuer, func.count()).where(live, ApiToken.issuer.not_in(accepted))
    return {issuer: count for issuer, count in db.execute(query.group_by(ApiToken.issuer)) if issuer}
