"""Things to test with, made by plain functions; every argument is optional."""

from webapp.testing import HASHED, PASSWORD, QUICK, api_token, database_of, user

__all__ = ["HASHED", "PASSWORD", "QUICK", "api_token", "database_of", "user"]
