"""Recipe: how a kind of app is registered, and the settings to paste into it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import Template
from typing import Any
from urllib.parse import urlsplit

from webapp.core.translation import _
from webapp.oauth.client_settings import InvalidClientSettings

LOGIN = "openid email profile"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Facts about a kind of app; ``$name`` in ``settings`` stands for a value that ``filled_in`` gets."""

    name: str
    """As it is shown; the suggested name of a new app too."""
    about: str
    """One line below the name."""
    settings: str
    """What to enter in the app: a file, variables or a command, as the app understands it."""
    redirect_uris: Sequence[str] = ()
    """``$app_url`` stands for the URL of the app; empty where the developer chooses them."""
    after_logout_uris: Sequence[str] = ()
    backchannel_logout_uri: str = ""
    is_public: bool = False
    is_for_devices: bool = False
    wants_rs256: bool = False
    """Whether it verifies RS256 only."""
    scopes: str = LOGIN
    notes: Sequence[str] = ()
    """What to know about the app, such as where its PKCE is switched on."""

    @property
    def has_url(self) -> bool:
        """Whether the redirect URIs follow from the URL of the app."""
        return bool(self.redirect_uris)

    def redirects_for(self, app_url: str) -> list[str]:
        """The redirect URIs of an app.

        Args:
            app_url: as its users enter it.

        Raises:
            InvalidClientSettings
        """
        return self.below(app_url, self.redirect_uris)

    def below(self, app_url: str, uris: Sequence[str]) -> list[str]:
        base = app_url.strip().rstrip("/")
        if not base or "?" in base or "#" in base:
            raise InvalidClientSettings(_("Enter the URL of the app, such as https://cloud.example.org."))
        return [Template(uri).substitute(app_url=base) for uri in uris]

    def settings_for(self, app_url: str) -> dict[str, Any]:
        """The settings of a client that follow from the recipe.

        Raises:
            InvalidClientSettings
        """
        found: dict[str, Any] = {name: True for name in ("is_for_devices", "wants_rs256") if getattr(self, name)}
        if self.has_url:
            found["redirect_uris"] = self.redirects_for(app_url)
        if self.after_logout_uris:
            found["post_logout_redirect_uris"] = self.below(app_url, self.after_logout_uris)
        if self.backchannel_logout_uri:
            (found["backchannel_logout_uri"],) = self.below(app_url, [self.backchannel_logout_uri])
        return found

    def app_url_of(self, redirect_uris: Sequence[str]) -> str:
        """The URL of an app with these redirect URIs; if they do not fit the recipe, as much of it as is certain."""
        ends = [uri.removeprefix("$app_url") for uri in self.redirect_uris if uri.startswith("$app_url")]
        found = (uri.removesuffix(end) for uri in redirect_uris for end in ends if uri.endswith(end))
        first = urlsplit(redirect_uris[0]) if redirect_uris else None
        return next(found, f"{first.scheme}://{first.netloc}" if first else "")

    def filled_in(self, values: Mapping[str, str]) -> str:
        """The settings with the values of a client."""
        return Template(self.settings).safe_substitute(values)
