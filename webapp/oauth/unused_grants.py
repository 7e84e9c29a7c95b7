"""What was handed out to apps and not used yet: codes, device codes and tokens to register with."""

from collections import Counter
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from webapp.core.clock import now
from webapp.oauth.models import AuthorizationCode, DeviceCode, RegistrationToken


def void_all(db: Session, *, before: datetime) -> Counter[str]:
    """Delete what was created before a moment; authorization codes, which last for a minute, in any case.

    Returns:
        Number of those that still worked, by kind.
    """
    codes = AuthorizationCode.used_at.is_(None), AuthorizationCode.expires_at > now()
    logins = db.scalars(delete(AuthorizationCode).where(*codes).returning(AuthorizationCode.client_id)).all()
    waiting = DeviceCode.used_at.is_(None), DeviceCode.expires_at > now(), DeviceCode.created_at < before
    devices = db.scalars(delete(DeviceCode).where(*waiting).returning(DeviceCode.client_id)).all()
    usable = RegistrationToken.uses_left > 0, RegistrationToken.expires_at > now()
    own = delete(RegistrationToken).where(*usable, RegistrationToken.created_at < before)
    tokens = db.scalars(own.returning(RegistrationToken.id)).all()
    return +Counter({"app login": len(logins) + len(devices), "registration token": len(tokens)})
