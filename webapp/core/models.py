"""Tables of the core: hits of the rate limiter, encrypted keys, and the secret keys that the database belongs to."""

from datetime import datetime

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Base


class RateBucket(Base):
    __tablename__ = "rate_bucket"

    key: Mapped[str] = mapped_column(String(500), primary_key=True)
    hits: Mapped[int]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class StoredKeys(Base):
    """Keys that belong together, such as those that sign tokens; see ``core.key_table``."""

    __tablename__ = "stored_keys"

    name: Mapped[str] = mapped_column(String(30), primary_key=True)
    version: Mapped[int]
    """Grows with every change."""
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """Encrypted under the secret key, together with the name."""


class SecretKeyMark(Base):
    """A secret key under which something in this database may be encrypted; see ``core.secret_key_marks``."""

    __tablename__ = "secret_key_mark"

    mark: Mapped[str] = mapped_column(String(43), primary_key=True)
    """HMAC of a fixed text: it recognises the secret key and does not reveal it."""
    created_at: Mapped[datetime]
