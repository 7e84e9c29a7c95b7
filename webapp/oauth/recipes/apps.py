"""Recipes for well-known apps. Each uses PKCE with S256, or can be told to."""

from webapp.core.translation import _l
from webapp.oauth.recipes.recipe import Recipe

ALWAYS_PKCE = _l("It uses PKCE without further settings.")
RS256_ONLY = _l("It verifies RS256 only, so its ID tokens are signed with that.")

APPS = {
    "bookstack": Recipe(
        name="BookStack",
        about=_l("Wiki"),
        redirect_uris=("$app_url/oidc/callback",),
        settings="""\
AUTH_METHOD=oidc
OIDC_NAME="$site"
OIDC_ISSUER=$issuer
OIDC_ISSUER_DISCOVER=true
OIDC_CLIENT_ID=$client_id
OIDC_CLIENT_SECRET=$client_secret
OIDC_DISPLAY_NAME_CLAIMS=name
""",
        wants_rs256=True,
        notes=(_l("These are variables of its .env file."), ALWAYS_PKCE, RS256_ONLY),
    ),
    "forgejo": Recipe(
        name="Forgejo",
        about=_l("Git server"),
        redirect_uris=("$app_url/user/oauth2/latchkey/callback",),
        settings="""\
forgejo admin auth add-oauth --provider=openidConnect --name=latchkey \\
  --key=$client_id --secret=$client_secret \\
  --auto-discover-url=$discovery_url --scopes='openid email profile'
""",
        notes=(
            _l("The name latchkey of the authentication source is part of the redirect URI."),
            _l("Use version 13 or newer, which uses PKCE."),
        ),
    ),
    "grafana": Recipe(
        name="Grafana",
        about=_l("Dashboards"),
        redirect_uris=("$app_url/login/generic_oauth",),
        scopes="openid email profile groups",
        settings="""\
[server]
root_url = $app_url

[auth.generic_oauth]
enabled = true
name = $site
client_id = $client_id
client_secret = $client_secret
scopes = $scopes
auth_url = $authorization_endpoint
token_url = $token_endpoint
api_url = $userinfo_endpoint
login_attribute_path = preferred_username
name_attribute_path = name
groups_attribute_path = groups
use_pkce = true
auth_style = InHeader
""",
        notes=(_l("These are sections of grafana.ini."), _l("use_pkce switches PKCE on.")),
    ),
    "headscale": Recipe(
        name="Headscale",
        about=_l("Control server of a private network"),
        redirect_uris=("$app_url/oidc/callback",),
        settings="""\
oidc:
  issuer: "$issuer"
  client_id: "$client_id"
  client_secret: "$client_secret"
  scope: ["openid", "profile", "email"]
  pkce:
    enabled: true
    method: S256
""",
        notes=(_l("This is a section of config.yaml."), _l("pkce.enabled switches PKCE on.")),
    ),
    "immich": Recipe(
        name="Immich",
        about=_l("Photos"),
        redirect_uris=("$app_url/auth/login", "$app_url/user-settings", "app.immich:///oauth-callback"),
        settings="""\
Issuer URL: $issuer
Client ID: $client_id
Client secret: $client_secret
Scope: $scopes
Signing algorithm: $signing_algorithm
Token endpoint auth method: client_secret_basic
""",
        notes=(_l("Enter these under Administration, Settings, OAuth."), ALWAYS_PKCE),
    ),
    "jellyfin": Recipe(
        name="Jellyfin",
        about=_l("Media server, with the plug-in SSO Authentication"),
        redirect_uris=("$app_url/sso/OID/redirect/latchkey",),
        scopes="openid profile groups",
        settings="""\
Name of OpenID Provider: latchkey
OID Endpoint: $issuer
OpenID Client ID: $client_id
OID Secret: $client_secret
Enabled: yes
Role Claim: groups
Request Additional Scopes: groups
Set default username claim: preferred_username
Scheme Override: https
""",
        notes=(
            _l("The name latchkey of the provider is part of the redirect URI."),
            _l("Users log in at /sso/OID/start/latchkey of the app."),
            ALWAYS_PKCE,
        ),
    ),
    "mealie": Recipe(
        name="Mealie",
        about=_l("Cooking recipes"),
        redirect_uris=("$app_url/login", "$app_url/login?direct=1"),
        settings="""\
OIDC_AUTH_ENABLED=true
OIDC_SIGNUP_ENABLED=true
OIDC_PROVIDER_NAME=$site
OIDC_CONFIGURATION_URL=$discovery_url
OIDC_CLIENT_ID=$client_id
OIDC_CLIENT_SECRET=$client_secret
OIDC_AUTO_REDIRECT=false
""",
        notes=(_l("These are environment variables."), _l("Use version 2 or newer, which uses PKCE and a secret.")),
    ),
    "miniflux": Recipe(
        name="Miniflux",
        about=_l("Feed reader"),
        redirect_uris=("$app_url/oauth2/oidc/callback",),
        settings="""\
OAUTH2_PROVIDER=oidc
OAUTH2_OIDC_PROVIDER_NAME=$site
OAUTH2_OIDC_DISCOVERY_ENDPOINT=$issuer
OAUTH2_CLIENT_ID=$client_id
OAUTH2_CLIENT_SECRET=$client_secret
OAUTH2_REDIRECT_URL=$redirect_uri
OAUTH2_USER_CREATION=1
""",
        notes=(_l("These are environment variables."), ALWAYS_PKCE),
    ),
    "nextcloud": Recipe(
        name="Nextcloud",
        about=_l("Files, with the app OpenID Connect user backend (user_oidc)"),
        redirect_uris=("$app_url/apps/user_oidc/code", "$app_url/index.php/apps/user_oidc/code"),
        settings="""\
occ config:system:set --type=boolean --value=true user_oidc use_pkce
occ user_oidc:provider latchkey \\
  --clientid="$client_id" --clientsecret="$client_secret" \\
  --discoveryuri="$discovery_url" --scope="$scopes" \\
  --mapping-uid=preferred_username --unique-uid=0
""",
        wants_rs256=True,
        notes=(_l("use_pkce switches PKCE on."), RS256_ONLY),
    ),
    "oauth2-proxy": Recipe(
        name="oauth2-proxy",
        about=_l("Login in front of an app that has none"),
        redirect_uris=("$app_url/oauth2/callback",),
        settings="""\
provider = "oidc"
oidc_issuer_url = "$issuer"
client_id = "$client_id"
client_secret = "$client_secret"
redirect_url = "$redirect_uri"
scope = "$scopes"
code_challenge_method = "S256"
email_domains = ["*"]
""",
        notes=(
            _l("code_challenge_method switches PKCE on."),
            _l("Users need a verified e-mail address."),
        ),
    ),
    "open-webui": Recipe(
        name="Open WebUI",
        about=_l("Chat with language models"),
        redirect_uris=("$app_url/oauth/oidc/callback",),
        settings="""\
WEBUI_URL=$app_url
ENABLE_OAUTH_SIGNUP=true
OAUTH_PROVIDER_NAME=$site
OPENID_PROVIDER_URL=$discovery_url
OAUTH_CLIENT_ID=$client_id
OAUTH_CLIENT_SECRET=$client_secret
OAUTH_SCOPES=$scopes
OAUTH_CODE_CHALLENGE_METHOD=S256
""",
        notes=(_l("These are environment variables."), _l("OAUTH_CODE_CHALLENGE_METHOD switches PKCE on.")),
    ),
    "paperless-ngx": Recipe(
        name="Paperless-ngx",
        about=_l("Documents"),
        redirect_uris=("$app_url/accounts/oidc/latchkey/login/callback/",),
        settings="""\
PAPERLESS_APPS=allauth.socialaccount.providers.openid_connect
PAPERLESS_SOCIALACCOUNT_PROVIDERS={"openid_connect": {"SCOPE": ["openid", "profile", "email"], \
"OAUTH_PKCE_ENABLED": true, "APPS": [{"provider_id": "latchkey", "name": "$site", "client_id": "$client_id", \
"secret": "$client_secret", "settings": {"server_url": "$issuer", "token_auth_method": "client_secret_basic"}}]}}
""",
        notes=(
            _l("These are environment variables."),
            _l("OAUTH_PKCE_ENABLED switches PKCE on."),
            _l("The name latchkey of the provider is part of the redirect URI."),
        ),
    ),
    "proxmox-ve": Recipe(
        name="Proxmox VE",
        about=_l("Virtual machines"),
        redirect_uris=("$app_url",),
        settings="""\
pveum realm add latchkey --type openid --issuer-url $issuer \\
  --client-id $client_id --client-key $client_secret \\
  --username-claim username --autocreate 1
""",
        wants_rs256=True,
        notes=(
            _l("The URL is the one that users open, with its port, such as https://pve.example.org:8006."),
            ALWAYS_PKCE,
            RS256_ONLY,
        ),
    ),
    "vaultwarden": Recipe(
        name="Vaultwarden",
        about=_l("Password manager"),
        redirect_uris=("$app_url/identity/connect/oidc-signin",),
        scopes="openid email profile offline_access",
        settings="""\
SSO_ENABLED=true
SSO_AUTHORITY=$issuer
SSO_CLIENT_ID=$client_id
SSO_CLIENT_SECRET=$client_secret
SSO_SCOPES=email profile offline_access
SSO_PKCE=true
""",
        notes=(
            _l("These are environment variables."),
            _l("SSO_PKCE switches PKCE on."),
            _l("Users need a verified e-mail address."),
        ),
    ),
}
