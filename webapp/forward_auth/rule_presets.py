"""RULE_PRESETS: rules to begin with, for the form of a new app."""

from dataclasses import dataclass

from webapp.core.translation import _l
from webapp.forward_auth.app_settings import RuleSettings

EVERYTHING = RuleSettings()
PUBLIC = RuleSettings(is_public=True)


@dataclass(frozen=True, slots=True)
class RulePreset:
    name: str
    description: str
    rules: tuple[RuleSettings, ...]


RULE_PRESETS = {
    "login": RulePreset(
        _l("Everything needs a login"), _l("The usual choice. You can open single paths later."), (EVERYTHING,)
    ),
    "second_factor": RulePreset(
        _l("Everything needs a second factor"),
        _l("Whoever logged in without one is asked for it. Passkeys count."),
        (RuleSettings(level="aal2"),),
    ),
    "public_except_admin": RulePreset(
        _l("Public, except /admin"),
        _l("Everybody may open the app. Only /admin and what is below needs a login."),
        (RuleSettings(path="/admin/*"), PUBLIC),
    ),
    "api_of_the_app": RulePreset(
        _l("The app checks /api itself"),
        _l("Apps on phones keep their own passwords and tokens for /api. Everything else needs a login."),
        (RuleSettings(path="/api/*", is_public=True), EVERYTHING),
    ),
    "basic": RulePreset(
        _l("For programs that support only user name and password"),
        _l("For example WebDAV or calendar clients: they send an API token as the password. People log in as usual."),
        (RuleSettings(authorization="basic"),),
    ),
}
USUAL = "login"
