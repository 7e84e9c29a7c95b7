"""Builds the application: the only package that imports all others."""

from webapp.app.factory import close, create_app

__all__ = ["close", "create_app"]
