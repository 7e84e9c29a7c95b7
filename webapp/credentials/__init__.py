"""Credentials: one row per session, API token, access token and refresh token, with its expiry, end and use."""
