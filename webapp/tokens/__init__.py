"""API tokens, access and refresh tokens: issue, verify, rotate, exchange, list."""
