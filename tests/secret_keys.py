"""A site that moves to another secret key, as tests need it."""

from flask import Flask
from sqlalchemy import delete

from webapp.core.db import Database
from webapp.core.models import KeySet, SecretKeyMark
from webapp.web.registry import services_of

OTHER = "k2Vt9sXw4NzB7mCq1LrD8fHj3PyG6aTe"


def forget_secret_keys(app: Flask) -> None:
    """Let the next process begin with any secret key, although nothing that is encrypted was moved to it."""
    with services_of(app).get(Database).write() as db:
        for table in (KeySet, SecretKeyMark):
            db.execute(delete(table))
