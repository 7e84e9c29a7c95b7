"""Log in with another identity provider: OpenID Connect and OAuth 2 as a client."""
