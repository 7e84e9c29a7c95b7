"""The grants of the token endpoint: authorization code, refresh token, client credentials, device code."""
