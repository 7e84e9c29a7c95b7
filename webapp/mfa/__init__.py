"""Authenticators beside the password."""
