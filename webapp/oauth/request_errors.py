"""The errors of an authorization request: InvalidRedirect is shown here, RequestRefused goes to the client."""

from uuid import UUID


class InvalidRedirect(Exception):
    """The client or its redirect URI is not known, so the error is shown here (RFC 6749 §4.1.2.1)."""

    def __init__(self, message: str, client_id: UUID | None = None, redirect_uri: str = "") -> None:
        """Keep the reason, and the redirect URI that is not registered.

        Args:
            client_id: of a client whose ``redirect_uri`` is not registered.
        """
        super().__init__(message)
        self.client_id, self.redirect_uri = client_id, redirect_uri


class RequestRefused(Exception):
    """An error that goes to the client (RFC 6749 §4.1.2.1); the description is English, for its developer."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error, self.description = error, description
