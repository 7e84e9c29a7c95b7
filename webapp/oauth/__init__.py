"""OAuth 2 authorization server and OpenID provider: other apps log their users in here."""
