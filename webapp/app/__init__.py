"""The front door: every part is put together here, and nothing is decided."""

from webapp.app.factory import close, create_app

__all__ = ["close", "create_app"]
