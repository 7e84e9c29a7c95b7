"""rule_sentences(): what a rule means, in sentences."""

from webapp.core.humanize import humanize
from webapp.core.translation import _, listed
from webapp.forward_auth.app_settings import RuleSettings


def rule_sentences(rule: RuleSettings, scope: str) -> list[str]:
    """Describe an access rule in sentences: for whom it is, how they authenticate, from which networks.

    Args:
        scope: that tokens need for the app.
    """
    found = [_("Everybody, without a login.")] if rule.is_public else [audience_sentence(rule), *ways(rule, scope)]
    if rule.networks:
        found.append(_("Only from %(networks)s.", networks=listed(rule.networks)))
    if rule.allows_preflight and not rule.is_public:
        found.append(_("CORS preflights pass without a login."))
    return found


def audience_sentence(rule: RuleSettings) -> str:
    if rule.role:
        role = humanize(rule.role)
        return _("Users who may open the app, if they also have the role %(role)s.", role=role)
    return _("Users who may open the app.")


def ways(rule: RuleSettings, scope: str) -> list[str]:
    found = []
    if rule.level:
        found.append(_("Logged in with a passkey.") if rule.level == "phr" else _("Logged in with a second factor."))
    if rule.authorization == "app":
        found.append(_("The header Authorization is left to the app, so scripts cannot use tokens of this site."))
    elif not rule.accepts_tokens:
        found.append(_("No API tokens."))
    elif rule.authorization == "basic":
        found.append(_("Scripts with a token that has the scope %(scope)s, also as a password.", scope=scope))
    else:
        found.append(_("Scripts with a token that has the scope %(scope)s.", scope=scope))
    if rule.accepts_dpop and rule.accepts_tokens and rule.authorization != "app":
        found.append(_("Also tokens that are bound to a key."))
    if not rule.sends_identity:
        found.append(_("The app gets no user name."))
    return found


def where(rule: RuleSettings) -> str:
    """Path and methods of a rule."""
    methods = f"{', '.join(rule.methods)} " if rule.methods else ""
    return f"{methods}{rule.path}"
