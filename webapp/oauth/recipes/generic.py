"""Recipes for apps that somebody writes: a web app, a single-page app, a native app, a command line program."""

from webapp.core.translation import _l
from webapp.oauth.recipes.recipe import Recipe

WITH_SECRET = """\
issuer = $issuer
discovery_url = $discovery_url
client_id = $client_id
client_secret = $client_secret
redirect_uri = $redirect_uri
scope = $scopes
token_endpoint_auth_method = client_secret_basic
code_challenge_method = S256
"""
WITHOUT_SECRET = """\
issuer = $issuer
discovery_url = $discovery_url
client_id = $client_id
redirect_uri = $redirect_uri
scope = $scopes
token_endpoint_auth_method = none
code_challenge_method = S256
"""
FOR_DEVICES = """\
issuer = $issuer
device_authorization_endpoint = $device_authorization_endpoint
token_endpoint = $token_endpoint
client_id = $client_id
scope = $scopes
grant_type = urn:ietf:params:oauth:grant-type:device_code
"""
GENERIC = {
    "web": Recipe(
        name=_l("Web app"),
        about=_l("A server that can keep a secret."),
        settings=WITH_SECRET,
        scopes="openid email profile",
    ),
    "spa": Recipe(
        name=_l("Single-page app"),
        about=_l("JavaScript in the browser, without a server of its own."),
        settings=WITHOUT_SECRET,
        is_public=True,
        notes=(
            _l("It calls this site from the browser, so WEBAPP_CORS_ORIGINS must contain its origin."),
            _l(
                "With a redirect URI of http, for development, users are asked at each login, and tokens cannot be "
                "renewed without them (prompt=none)."
            ),
        ),
    ),
    "native": Recipe(
        name=_l("Desktop or phone app"),
        about=_l("Installed on a device, with the browser of the device for the login."),
        settings=WITHOUT_SECRET,
        is_public=True,
        scopes="openid email profile offline_access",
        notes=(
            _l(
                "Register http://127.0.0.1/callback, with any port at the login, or a scheme of your domain in reverse "
                "order, such as org.example.app:/callback."
            ),
            _l("Users are asked at each login, because any program can use the client ID."),
        ),
    ),
    "cli": Recipe(
        name=_l("Command line program"),
        about=_l("It shows a code, which its user enters in a browser on any device."),
        settings=FOR_DEVICES,
        is_public=True,
        is_for_devices=True,
        scopes="openid offline_access",
        notes=(
            _l("docs/examples/device_login.py is a program that you can copy."),
            _l("Users are asked at each login, because any program can use the client ID."),
        ),
    ),
}
