"""The recipe for another Latchkey site, whose page of a new identity provider links to the form that it fills in."""

from webapp.core.translation import _l
from webapp.oauth.recipes.recipe import Recipe

LATCHKEY = Recipe(
    name="Latchkey",
    about=_l("Another Latchkey site"),
    redirect_uris=("$app_url/login/with/latchkey/callback",),
    after_logout_uris=("$app_url/login/with/latchkey/logged-out",),
    backchannel_logout_uri="$app_url/login/with/latchkey/backchannel-logout",
    scopes="openid profile email groups",
    settings="""\
URL: $issuer
Client ID: $client_id
Client secret: $client_secret
""",
    notes=(
        _l("There: Admin, Identity providers, Add provider, Latchkey. Keep the short name latchkey."),
        _l("It uses PKCE without further settings."),
    ),
)
