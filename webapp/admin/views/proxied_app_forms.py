"""Forms of proxied apps. Fields have the names of their columns, and of their fields in the settings."""

from collections.abc import Sequence
from typing import Any

from wtforms import BooleanField, SelectField, StringField
from wtforms.validators import InputRequired, Length
from wtforms.widgets import TextArea

from webapp.accounts.owner_fields import person_field
from webapp.core.translation import _l
from webapp.forward_auth.app_settings import LONGEST_ICON, LONGEST_NAME, AppSettings, RuleSettings
from webapp.forward_auth.path_patterns import LONGEST
from webapp.forward_auth.rule_presets import RULE_PRESETS, USUAL
from webapp.web.body import is_json, json_value
from webapp.web.form import Form, WordsField, one_line, stripped

LONGEST_LIST, LONGEST_SLUG, LONGEST_HOST = 5000, 30, 260
EXACT = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none", "class": "input--exact"}
NEEDS = {
    "": _l("This site's default"),
    "aal2": _l("A second factor or a passkey"),
    "phr": _l("A passkey"),
}
HEADER_USES = {
    "bearer": _l("API tokens of this site"),
    "basic": _l("API tokens of this site, also as the password of Basic"),
    "app": _l("The app itself: this site does not read it"),
}


class DefaultTrueField(BooleanField):
    """A checkbox that JSON may leave out if it is to be ticked; of an HTML form, what is not sent is not ticked."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        super().process_formdata(valuelist)
        if is_json() and json_value(self.name) is None:
            self.data = True


class AudienceFields(Form):
    roles = WordsField(
        _l("Only for these roles"),
        [Length(max=LONGEST_LIST)],
        description=_l("Names of roles, separated by spaces. Leave it empty to let everybody with an account in."),
        render_kw=EXACT,
    )
    people = WordsField(
        _l("Additional users"),
        [Length(max=LONGEST_LIST)],
        description=_l("User names, separated by spaces. Without roles, only these users can open it."),
        render_kw=EXACT,
    )


class NamedForm(AudienceFields):
    name = StringField(
        _l("Name"),
        [InputRequired(_l("Enter a name.")), Length(max=LONGEST_NAME), one_line],
        filters=[stripped],
        description=_l("Shown to users who log in for it."),
        render_kw={"maxlength": LONGEST_NAME, "autocomplete": "off"},
    )

    def audience(self) -> dict[str, list[str]]:
        return {"roles": (self.roles.data or "").split(), "people": (self.people.data or "").split()}


class NewProxiedAppForm(NamedForm):
    host = StringField(
        _l("Host"),
        [InputRequired(_l("Enter a host.")), Length(max=LONGEST_HOST), one_line],
        filters=[stripped],
        description=_l("Where the proxy serves the app, such as wiki.example.org. You can add others later."),
        render_kw=EXACT | {"maxlength": LONGEST_HOST, "inputmode": "url"},
    )
    preset = SelectField(
        _l("Rules to begin with"),
        choices=lambda: {key: str(preset.name) for key, preset in RULE_PRESETS.items()},
        default=USUAL,
        description=_l("You can change every rule afterwards."),
    )
    slug = StringField(
        _l("Short name"),
        [Length(max=LONGEST_SLUG)],
        filters=[stripped],
        description=_l(
            "For commands, and in the scope that API tokens need, such as app:wiki. It cannot be changed later. Leave "
            "it empty to use the name."
        ),
        render_kw=EXACT | {"maxlength": LONGEST_SLUG},
    )


class PreviewField(Form):
    preview = BooleanField(
        _l("Only show what would change"),
        description=_l("Shows which requests of the last day would be allowed or refused instead. Nothing is saved."),
    )


class ProxiedAppForm(PreviewField, NamedForm):
    hosts = WordsField(
        _l("Hosts"),
        [InputRequired(_l("Enter a host.")), Length(max=LONGEST_LIST)],
        description=_l("Where the proxy serves the app, one per line. Links to the app lead to the first."),
        widget=TextArea(),
        render_kw=EXACT | {"rows": 2},
    )
    icon = StringField(
        _l("Icon"),
        [Length(max=LONGEST_ICON), one_line],
        filters=[stripped],
        description=_l("An emoji, or one or two letters. Leave it empty for the first letter of the name."),
        render_kw={"maxlength": LONGEST_ICON, "autocomplete": "off"},
    )
    owner = person_field(
        _l("Owner"),
        _l("User name of the person who decides about requests for access. Leave it empty for the administrators."),
    )

    def chosen(self) -> dict[str, Any]:
        """The settings that need no look-up, by name."""
        hosts = (self.hosts.data or "").split()
        return {"name": self.name.data or "", "icon": self.icon.data or "", "hosts": hosts} | self.audience()


def filled_in(current: AppSettings, people: Sequence[str], owner: str) -> ProxiedAppForm:
    """The form with the settings of an app.

    Args:
        people: their user names.
        owner: user name.
    """
    lists = {"hosts": "\n".join(current.hosts), "roles": " ".join(current.roles), "people": " ".join(people)}
    return ProxiedAppForm(formdata=None, data={"name": current.name, "icon": current.icon, "owner": owner} | lists)


class AccessRuleForm(PreviewField):
    path = StringField(
        _l("Path"),
        [InputRequired(_l("Enter a path.")), Length(max=LONGEST), one_line],
        filters=[stripped],
        description=_l("For example /admin/* for /admin and everything below, or /* for the whole app."),
        render_kw=EXACT | {"maxlength": LONGEST},
    )
    methods = WordsField(
        _l("Methods"),
        [Length(max=LONGEST_LIST)],
        description=_l("For example GET POST, separated by spaces. GET includes HEAD. Leave it empty for all methods."),
        render_kw=EXACT,
    )
    is_public = BooleanField(
        _l("Public"), description=_l("Everybody can open these paths without a login. The app gets no user name.")
    )
    role = StringField(
        _l("Role"),
        [Length(max=20)],
        filters=[stripped],
        description=_l("Users who may open the app also need this role."),
    )
    level = SelectField(
        _l("Required login"),
        choices=lambda: {acr: str(label) for acr, label in NEEDS.items()},
        default="",
        description=_l("Users who logged in otherwise are asked for it when they open these paths."),
    )
    accepts_tokens = DefaultTrueField(
        _l("API tokens"),
        default=True,
        description=_l("Scripts get to these paths with a token that has the scope of the app."),
    )
    authorization = SelectField(
        _l("Authorization header is read by"),
        choices=lambda: {use: str(label) for use, label in HEADER_USES.items()},
        default="bearer",
        description=_l(
            "Choose Basic for programs that support only user name and password: the token is the password. Choose "
            "“The app itself” if the app has passwords or tokens that it checks itself."
        ),
    )
    accepts_dpop = BooleanField(
        _l("Tokens that are bound to a key"),
        description=_l("Their proof (DPoP) must be for the URL of the app. Most scripts have no such tokens."),
    )
    allows_preflight = BooleanField(
        _l("Let CORS preflights pass"),
        description=_l("Pages of other sites that call the app's API need it. Preflights change nothing."),
    )
    sends_identity = DefaultTrueField(
        _l("Tell the app who it is"),
        default=True,
        description=_l("User name, e-mail address, name and roles, in headers of the request."),
    )
    networks = WordsField(
        _l("Only from these networks"),
        [Length(max=LONGEST_LIST)],
        description=_l("For example 192.0.2.0/24, separated by spaces. Leave it empty for all."),
        render_kw=EXACT,
    )

    def settings(self) -> RuleSettings:
        lists = {name: (self[name].data or "").split() for name in ("methods", "networks")}
        chosen = {field.name: field.data for field in self if field.name not in (*lists, "preview")}
        return RuleSettings(**chosen | lists | {"role": self.role.data or None})


def filled_in_rule(rule: RuleSettings) -> AccessRuleForm:
    form = AccessRuleForm(formdata=None, obj=rule)
    form.methods.data, form.networks.data = " ".join(rule.methods), " ".join(rule.networks)
    return form
