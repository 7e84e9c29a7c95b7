"""Presets: well-known identity providers, and one for any other of each protocol."""

from collections.abc import Mapping

from webapp.core.translation import _l
from webapp.federation.provider_preset import OPENID, ProviderPreset

PRESETS: Mapping[str, ProviderPreset] = {
    preset.key: preset
    for preset in (
        ProviderPreset(
            key="google",
            name="Google",
            issuer="https://accounts.google.com",
            where=_l(
                "Google Cloud Console, APIs & Services, Credentials: create an OAuth client ID for a web application."
            ),
            notes=(
                _l(
                    "Google is authoritative only for e-mail addresses of gmail.com and of your Google Workspace: "
                    "enter no other domains."
                ),
            ),
        ),
        ProviderPreset(
            key="microsoft",
            name="Microsoft",
            issuer="https://login.microsoftonline.com/{}/v2.0",
            label=_l("Directory (tenant) ID"),
            example="8eaef023-2b34-4da1-9baa-8bc8c9d6a490",
            where=_l(
                "Microsoft Entra admin center, App registrations: register an app for accounts in this directory only, "
                "with a redirect URI of the kind Web."
            ),
            notes=(
                _l(
                    "Enter the value of the client secret, not its ID. It expires after 24 months at the latest, and "
                    "logins stop then."
                ),
                _l("Microsoft does not say whether an e-mail address is verified, so it counts as not verified."),
            ),
        ),
        ProviderPreset(
            key="github",
            name="GitHub",
            kind="oauth2",
            issuer="https://github.com",
            scopes=("read:user", "user:email"),
            endpoints={
                "authorization_endpoint": "https://github.com/login/oauth/authorize",
                "token_endpoint": "https://github.com/login/oauth/access_token",
                "userinfo_endpoint": "https://api.github.com/user",
                "emails_endpoint": "https://api.github.com/user/emails",
            },
            claim_names={"sub": "id", "preferred_username": "login"},
            where=_l("GitHub, Settings, Developer settings, OAuth Apps: register a new application."),
            notes=(_l("GitHub calls the redirect URI the authorization callback URL."),),
        ),
        ProviderPreset(
            key="gitlab",
            name="GitLab",
            issuer="{}",
            label=_l("URL of GitLab"),
            example="https://gitlab.example.org",
            default="https://gitlab.com",
            where=_l(
                "GitLab, Preferences, Applications (or Admin, Applications): add an application that is confidential, "
                "with the scopes openid, profile and email."
            ),
            notes=(_l("GitLab calls the client ID the application ID."),),
        ),
        ProviderPreset(
            key="keycloak",
            name="Keycloak",
            issuer="{}",
            label=_l("URL of the realm"),
            example="https://id.example.org/realms/main",
            where=_l(
                "Keycloak, the realm, Clients: create a client of the type OpenID Connect with client authentication "
                "and the standard flow; the secret is under Credentials."
            ),
            notes=(
                _l(
                    "For roles by rules, the claim realm_access.roles has to be in the ID token or in userinfo: see "
                    "the mapper realm roles of the client scope roles."
                ),
            ),
        ),
        ProviderPreset(
            key="authentik",
            name="Authentik",
            issuer="{}",
            label=_l("OpenID configuration issuer"),
            example="https://id.example.org/application/o/latchkey/",
            slash="always",
            where=_l(
                "Authentik, Applications: create an application with a provider of the type OAuth2/OpenID Connect, "
                "client type confidential."
            ),
            notes=(
                _l("Choose a signing key there. Without one Authentik signs with the client secret, which is refused."),
            ),
        ),
        ProviderPreset(
            key="pocket-id",
            name="Pocket ID",
            issuer="{}",
            label=_l("URL of Pocket ID"),
            example="https://id.example.org",
            scopes=(*OPENID, "groups"),
            where=_l("Pocket ID, OIDC Clients: add a client that is not public."),
            notes=(_l("For roles by rules, the claim is groups."),),
        ),
        ProviderPreset(
            key="discord",
            name="Discord",
            kind="oauth2",
            issuer="https://discord.com",
            scopes=("identify", "email"),
            endpoints={
                "authorization_endpoint": "https://discord.com/oauth2/authorize",
                "token_endpoint": "https://discord.com/api/oauth2/token",
                "userinfo_endpoint": "https://discord.com/api/users/@me",
            },
            claim_names={
                "sub": "id",
                "preferred_username": "username",
                "name": "global_name",
                "email_verified": "verified",
            },
            where=_l("Discord Developer Portal, Applications: create an application; the values are under OAuth2."),
        ),
        ProviderPreset(
            key="latchkey",
            name="Latchkey",
            issuer="{}",
            label=_l("URL of the other Latchkey site"),
            example="https://id.example.org",
            scopes=(*OPENID, "groups"),
            where=_l("At the other site: Admin, Apps, Register app, Latchkey."),
            notes=(_l("For roles by rules, the claim is groups."),),
        ),
        ProviderPreset(
            key="openid",
            name="OpenID Connect",
            issuer="{}",
            label=_l("Issuer URL"),
            slash="kept",
            example="https://id.example.org",
            where=_l("Register a web application (confidential client, authorization code flow) there."),
            notes=(
                _l("Enter the issuer exactly as the provider shows it; a slash at its end counts."),
                _l(
                    "This site requests openid profile email. For roles by groups, add the scope that the provider "
                    "names for them, often groups, under Edit provider, Advanced."
                ),
            ),
        ),
        ProviderPreset(
            key="oauth2",
            name="OAuth 2",
            kind="oauth2",
            issuer="{}",
            label=_l("URL of the provider"),
            slash="kept",
            example="https://forum.example.org",
            scopes=(),
            where=_l("Register a web application (authorization code flow) there."),
            notes=(_l("The documentation of the provider names its URLs and shows the JSON of a user."),),
        ),
        ProviderPreset(
            key="oauth1",
            name="OAuth 1.0a",
            kind="oauth1",
            issuer="{}",
            label=_l("URL of the provider"),
            slash="kept",
            example="https://forum.example.org",
            scopes=(),
            where=_l("Register an application there. The client ID is called consumer key, too."),
            notes=(
                _l("The documentation of the provider names its URLs and shows the JSON of a user."),
                _l("Requests are signed with HMAC-SHA1. For RSA-SHA1, use the command provider add or providers.toml."),
            ),
        ),
    )
}
