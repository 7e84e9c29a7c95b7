"""The table of the rate limiter: hits per key in the current window."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Base


class RateBucket(Base):
    __tablename__ = "rate_bucket"

    key: Mapped[str] = mapped_column(String(500), primary_key=True)
    hits: Mapped[int]
    expires_at: Mapped[datetime] = mapped_column(index=True)
