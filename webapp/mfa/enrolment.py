"""The TOTP seed between display and confirmation: encrypted, in a hidden field of the form, not in the database."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime, timedelta
from uuid import UUID

from webapp.core.encryption import DecryptionFailed, Encryptor
from webapp.core.lazy_import import lazily

LIFETIME = timedelta(minutes=15)


class EnrolmentOver(Exception):
    """The enrolment expired, or was not started by this user."""


def begin(encryptor: Encryptor, user_id: UUID, seed: str, now: datetime) -> str:
    """Encrypt a new TOTP seed for the hidden field of the form."""
    content = json.dumps([seed, int(now.timestamp())]).encode()
    return urlsafe_b64encode(encryptor.seal(content, belongs_to=f"enrolment of {user_id}")).decode()


def seed_of(encryptor: Encryptor, user_id: UUID, sealed_seed: str, now: datetime) -> str:
    """Decrypt the TOTP seed of a form.

    Args:
        sealed_seed: the content of the hidden field.

    Raises:
        EnrolmentOver
    """
    try:
        content = encryptor.open(urlsafe_b64decode(sealed_seed.encode()), belongs_to=f"enrolment of {user_id}")
    except (DecryptionFailed, ValueError) as error:
        raise EnrolmentOver from error
    seed, begun_at = json.loads(content)
    if not 0 <= now.timestamp() - begun_at < LIFETIME.total_seconds() + 1:
        raise EnrolmentOver
    return str(seed)


def qr_code(uri: str) -> tuple[int, str]:
    """A QR code for SVG.

    Returns:
        The side length in modules including the quiet zone, and the path of the dark modules.
    """
    modules = lazily("segno").make(uri, error="m", micro=False).matrix
    lines = (f"M{x + 4} {y + 4}h1v1h-1z" for y, row in enumerate(modules) for x, is_dark in enumerate(row) if is_dark)
    return len(modules) + 8, "".join(lines)
